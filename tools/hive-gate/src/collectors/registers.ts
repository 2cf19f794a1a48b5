import path from 'node:path';
import type { JsonValue } from '@cl-hive/core';
import { readYaml } from '../files.ts';
import type { Collector } from './collector.ts';

/** A register is a YAML file of docs/gates, read as it stands; the rule knows its shape. */
function register(id: string, file: string, title: string): Collector {
  return {
    id,
    title: `${title}: docs/gates/${file}`,
    collect: ({ gates }) => readYaml(path.join(gates, file)) as JsonValue,
  };
}

export const REGISTERS: readonly Collector[] = [
  register('defects', 'defects.yaml', 'reads the list of defects'),
  register('incidents', 'incidents.yaml', 'reads the log of incidents'),
  register('audit-findings', 'audit-findings.yaml', "reads the auditors' findings"),
];
