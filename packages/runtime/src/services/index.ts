export * from './dependent-services.ts';
export * from './suite-store.ts';
