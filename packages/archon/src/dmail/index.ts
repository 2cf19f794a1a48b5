export * from './dmail.ts';
export * from './limits.ts';
