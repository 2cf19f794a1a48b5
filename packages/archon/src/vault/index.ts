export { publicKeyOf, readIdentity, readRecipient, recipientText } from './age-keys.ts';
export * from './archive.ts';
export * from './errors.ts';
export * from './folder.ts';
export * from './limits.ts';
export * from './manifest.ts';
export * from './names.ts';
