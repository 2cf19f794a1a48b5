export * from './apply.ts';
export * from './plan.ts';
export { ORIGINAL_TABLES, type OriginalRows, type OriginalTable } from './rows.ts';
