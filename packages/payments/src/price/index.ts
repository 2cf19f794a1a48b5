export * from './asking.ts';
export * from './price.ts';
