export * from './faults.ts';
export * from './limits.ts';
export * from './relay.ts';
