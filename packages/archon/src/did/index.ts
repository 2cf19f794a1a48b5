export * from './build.ts';
export * from './canonical.ts';
export * from './chain.ts';
export * from './content-id.ts';
export * from './jwk.ts';
export * from './operation.ts';
export * from './proof.ts';
export * from './resolve.ts';
