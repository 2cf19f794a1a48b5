export * from './delivery/index.ts';
export * from './governance/index.ts';
export * from './limits.ts';
export * from './lock/index.ts';
export * from './membership/index.ts';
export * from './record/index.ts';
export * from './state/index.ts';
export * from './sync/index.ts';
