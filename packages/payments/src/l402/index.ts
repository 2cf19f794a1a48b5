export * from './caveats.ts';
export * from './challenge.ts';
export * from './client.ts';
export * from './identifier.ts';
export * from './macaroon.ts';
export * from './token.ts';
