export * from './backoff.ts';
export * from './client.ts';
export * from './compare.ts';
export * from './health.ts';
