export type { MiningPlan } from './chain/chain.ts';
export type { FeeTable } from './chain/feerates.ts';
export type { LabNodeSpec } from './lab-node.ts';
export { type GenerateOptions, generateNetwork } from './network/generate.ts';
export { readGossmap } from './network/gossmap.ts';
export type { PublicNetwork } from './network/public-network.ts';
export type { WorldOptions } from './state.ts';
export type { LinkFaults } from './transport.ts';
export { World } from './world.ts';
