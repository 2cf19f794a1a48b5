export { ASK_MS, BASE_WEIGHT, DUST_SLACK_SAT, INPUT_WEIGHT } from './limits.ts';
export { nodeInstance } from './node-instance.ts';
export * from './onchain.ts';
export * from './rpc-outcome.ts';
