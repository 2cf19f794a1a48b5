export type { MiningPlan } from './chain/chain.ts';
export { generateNetwork } from './network/generate.ts';
export { readGossmap } from './network/gossmap.ts';
export type { PublicNetwork } from './network/public-network.ts';
export { World } from './world.ts';
