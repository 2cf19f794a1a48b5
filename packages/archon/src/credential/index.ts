export * from './build.ts';
export * from './credential.ts';
export * from './management.ts';
export * from './reputation.ts';
export * from './schema.ts';
export * from './verify.ts';
