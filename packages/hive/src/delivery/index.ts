export * from './outbox.ts';
export * from './rate.ts';
export * from './relay.ts';
export * from './seen.ts';
