export { lintRecklessFolder, type RecklessFinding, type RecklessRule } from './lint.ts';
