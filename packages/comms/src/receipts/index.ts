export * from './checkpoint.ts';
export * from './export-line.ts';
export { type Hash, MerkleTree } from './merkle.ts';
export * from './proof.ts';
export * from './receipt.ts';
export * from './verify.ts';
export type {
  Anchor,
  ReceiptBody,
  ReceiptFault,
  ReceiptFaultCode,
  VerifyOptions,
} from './verify-state.ts';
export { readBody } from './verify-state.ts';
