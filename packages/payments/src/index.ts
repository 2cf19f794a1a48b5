export * from './bolt11/index.ts';
export * from './bolt12/index.ts';
export * from './escrow/index.ts';
export * from './l402/index.ts';
export * from './limits.ts';
export * from './method/index.ts';
export * from './price/index.ts';
