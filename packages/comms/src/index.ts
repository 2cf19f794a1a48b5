export * from './limits.ts';
export * from './policy/index.ts';
