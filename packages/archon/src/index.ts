export * from './binding/index.ts';
export * from './credential/index.ts';
export * from './did/index.ts';
export * from './gatekeeper/index.ts';
export * from './limits.ts';
