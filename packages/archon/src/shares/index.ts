export * from './limits.ts';
export * from './shares.ts';
