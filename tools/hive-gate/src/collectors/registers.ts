import path from 'node:path';
import {
  DecodeError,
  type Decoder,
  describeError,
  isCodedError,
  type JsonValue,
} from '@cl-hive/core';
import { defectsFile, findingsFile, incidentsFile } from '@cl-hive/readiness';
import { readYaml } from '../files.ts';
import { type Collector, NoEvidence } from './collector.ts';

/**
 * A YAML file of docs/gates as it stands. One that is not there, or not in its shape, is told as that: what
 * is to be mended then is the file, not what it is about. Throws {@link NoEvidence}.
 */
export function readRegister(gates: string, file: string, decode: Decoder<unknown>): JsonValue {
  try {
    const content = readYaml(path.join(gates, file)) as JsonValue;
    decode(content);
    return content;
  } catch (error) {
    if (error instanceof DecodeError || isCodedError(error)) {
      const text = describeError(error);
      const named = text.includes(file) ? text : `${file}: ${text}`;
      throw new NoEvidence(named, `mend docs/gates/${file}; docs/gates/README.md has its keys`);
    }
    throw error;
  }
}

function register(id: string, file: string, title: string, decode: Decoder<unknown>): Collector {
  return {
    id,
    title: `${title}: docs/gates/${file}`,
    collect: ({ gates }) => readRegister(gates, file, decode),
  };
}

export const REGISTERS: readonly Collector[] = [
  register('defects', 'defects.yaml', 'reads the list of defects', defectsFile),
  register('incidents', 'incidents.yaml', 'reads the log of incidents', incidentsFile),
  register('audit-findings', 'audit-findings.yaml', "reads the auditors' findings", findingsFile),
];
