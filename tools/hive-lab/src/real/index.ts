export * from './binaries.ts';
export * from './real-backend.ts';
