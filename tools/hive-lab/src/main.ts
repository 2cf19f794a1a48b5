#!/usr/bin/env node
import path from 'node:path';
import { processOutput } from './cli/output.ts';
import { runProgram } from './cli/program.ts';

// Built, this file is dist/hive-lab/hive-lab.js, with the plugins' folders beside its own.
const dist = path.resolve(import.meta.dirname, '..');
process.exitCode = await runProgram(process.argv.slice(2), {
  output: processOutput(),
  cwd: process.cwd(),
  env: process.env,
  dist,
});
