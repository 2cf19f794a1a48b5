export * from './guard-clock.ts';
export * from './nonce.ts';
export * from './rate-limiter.ts';
export * from './timestamp.ts';
