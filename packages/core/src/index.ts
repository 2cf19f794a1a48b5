export * from './decode.ts';
export * from './effects.ts';
export * from './errors.ts';
export * from './hex.ts';
export * from './ids.ts';
export * from './json.ts';
export * from './result.ts';
export * from './units.ts';
