export * from './facts.ts';
export * from './fleet-map.ts';
export * from './live-port.ts';
export * from './log-lines.ts';
export * from './passive.ts';
export * from './schedule.ts';
export * from './snapshot.ts';
export * from './word.ts';
