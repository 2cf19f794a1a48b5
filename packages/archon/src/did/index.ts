export * from './canonical.ts';
export * from './content-id.ts';
