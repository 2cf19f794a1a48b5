export * from './addresses.ts';
export * from './guarded-request.ts';
export * from './public-address.ts';
