export { type PrunedHistory, pruneHistory, shortenKept } from './history-rows.ts';
export { findByKey, findIntent, listIntents, nextIntent } from './intent-rows.ts';
export { capUses, grantUses, listEntries } from './ledger-rows.ts';
export {
  commsMigrations,
  historyMigration,
  payingMigration,
  pricesMigration,
} from './migrations.ts';
export { PipelineStore, type PipelineStoreOptions } from './pipeline-store.ts';
export {
  addCheckpoint,
  addReceipt,
  chainHead,
  listReceipts,
  listUnsigned,
  pruneReceipts,
  signReceipt,
} from './receipt-rows.ts';
export * from './settings-rows.ts';
export { findStop, listStops, removeStop } from './stop-rows.ts';
export { listSubscriptions, nextSubscription, saveSubscription } from './subscription-rows.ts';
export type { CommsTables } from './tables.ts';
export { countUses, pruneUses } from './token-use-rows.ts';
