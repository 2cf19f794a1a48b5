export * from './did/index.ts';
export * from './limits.ts';
