export { type PrunedHistory, pruneHistory } from './history-rows.ts';
export { findIntent, listIntents } from './intent-rows.ts';
export { capUses, grantUses } from './ledger-rows.ts';
export { commsMigrations, historyMigration } from './migrations.ts';
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
export type { CommsTables } from './tables.ts';
