export * from './limits.ts';
export * from './lock/index.ts';
export * from './membership/index.ts';
