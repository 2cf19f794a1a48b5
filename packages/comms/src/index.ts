export * from './advisors/index.ts';
export * from './alerts/index.ts';
export * from './gate/index.ts';
export * from './ledger/index.ts';
export * from './limits.ts';
export * from './pipeline/index.ts';
export * from './policy/index.ts';
export * from './receipts/index.ts';
