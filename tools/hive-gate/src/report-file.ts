import { isJsonObject, stringifyJson } from '@cl-hive/core';
import {
  bodyJson,
  decodeReport,
  type Report,
  type ReportBody,
  reportDigest,
} from '@cl-hive/readiness';
import { readJson, writeWhole } from './files.ts';
import type { Signer } from './keys.ts';
import { JUNIT_BYTES_MAX } from './limits.ts';

/** Signs a report's content and writes it as a file. */
export async function writeReport(
  file: string,
  content: ReportBody,
  signer: Signer | undefined,
): Promise<Report> {
  const digest = reportDigest(content);
  const signature = await signer?.('report', digest);
  const report = { digest, ...(signature === undefined ? {} : { signature }) };
  const whole = { body: bodyJson(content), ...report };
  writeWhole(file, `${stringifyJson(whole)}\n`);
  return { body: content, ...report };
}

/** Reads a report file; nothing in it is believed yet. */
export function readReport(file: string): Report {
  const input = readJson(file, JUNIT_BYTES_MAX);
  return decodeReport(isJsonObject(input) ? input : {});
}
