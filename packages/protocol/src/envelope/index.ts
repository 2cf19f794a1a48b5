export * from './answer.ts';
export { canonicalText } from './canonical.ts';
export type { EnvelopeErrorCode } from './error.ts';
export { ENVELOPE_BYTES_MAX, ENVELOPE_DEPTH_MAX } from './limits.ts';
export * from './request.ts';
export * from './signing-text.ts';
export { parseStrictJson } from './strict-json.ts';
