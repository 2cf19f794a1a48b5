export { publicKeyOf, readIdentity, readRecipient, recipientText } from './age-keys.ts';
export {
  componentFile,
  type MeasuredFile,
  measureFile,
  type OpenArchive,
  openArchive,
  writeArchive,
} from './archive.ts';
export * from './deposit.ts';
export * from './errors.ts';
export * from './folder.ts';
export * from './limits.ts';
export * from './manifest.ts';
export * from './names.ts';
