import type { HivePayload } from '../message-shapes.ts';
import type { HiveMessageName } from '../message-types.ts';
import { CREDENTIAL_SAMPLES } from './samples-of-credentials.ts';
import { MEMBER_SAMPLES } from './samples-of-members.ts';
import { REPORT_SAMPLES } from './samples-of-reports.ts';

/** One payload of every type, with every field present. */
export const SAMPLES: { readonly [Name in HiveMessageName]: HivePayload<Name> } = {
  ...MEMBER_SAMPLES,
  ...REPORT_SAMPLES,
  ...CREDENTIAL_SAMPLES,
};
