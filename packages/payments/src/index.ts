export * from './bolt11/index.ts';
export * from './l402/index.ts';
export * from './limits.ts';
