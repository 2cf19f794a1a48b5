export * from './describe.ts';
export * from './epoch.ts';
export { grantFor } from './grantor.ts';
export { isFinal, mayOpen } from './holder.ts';
export { type LockState, lockRows, newLock, restoreLock } from './state.ts';
export { stepLock } from './step.ts';
export * from './target.ts';
export * from './types.ts';
export { attemptId, outranks, releaseHeight, windowOf } from './window.ts';
