export * from './limits.ts';
export * from './lock/index.ts';
