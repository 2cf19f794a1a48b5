export * from './amount.ts';
export type { HintHop } from './fields.ts';
export * from './invoice.ts';
export * from './payable.ts';
