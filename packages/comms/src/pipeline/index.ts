export * from './answer.ts';
export * from './approval.ts';
export { approvalLifeMs } from './approval-life.ts';
export {
  type Claim,
  type ClaimDecision,
  type ClaimSnapshot,
  decideClaim,
  type JudgeSnapshot,
} from './claim.ts';
export type * from './command.ts';
export * from './drive.ts';
export * from './flow.ts';
export * from './intent.ts';
export * from './malformed.ts';
export * from './outcome.ts';
export * from './reason.ts';
export { commandDigest } from './receipt-data.ts';
export { type GateContext, type Inbound, type Received, receive } from './receive.ts';
export type * from './write.ts';
