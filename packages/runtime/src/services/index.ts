export * from './dependent-services.ts';
export * from './sealed-secret.ts';
export * from './suite-store.ts';
export * from './timers.ts';
export {
  clearCopies,
  copyFolder,
  finishPlan,
  pendingOwners,
  readPlan,
  removeCopy,
  writePlan,
} from './vault-place.ts';
