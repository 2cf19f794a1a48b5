export * from './canonical-json.ts';
export * from './curve.ts';
export * from './limits.ts';
export * from './signatures.ts';
export * from './utf8.ts';
export * from './zbase32.ts';
