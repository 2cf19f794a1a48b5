export * from './command.ts';
export * from './danger.ts';
export { EFFECTS, type Effect } from './effect.ts';
export * from './registry.ts';
export * from './subject.ts';
