export * from './contract/fleet.ts';
export * from './contract/node.ts';
export { MARK_VARIABLE } from './fleet/fleet-state.ts';
export * from './fleet/lab-backend.ts';
export { killMarkedProcesses, processMark } from './fleet/process-mark.ts';
export * from './fleet/with-fleet.ts';
export * from './real/index.ts';
export * from './relay/index.ts';
export * from './suite/node-under-test.ts';
