export { SAMPLES } from './sample-payloads.ts';
export { ALICE, ALICE_KEY, BOB, BOB_KEY } from './sample-values.ts';
export { put, signedSample } from './signed-sample.ts';
