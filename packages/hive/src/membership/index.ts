export { votingMembers } from './change.ts';
export * from './step.ts';
export * from './ticket.ts';
export * from './types.ts';
export { vouchQuorum } from './votes.ts';
