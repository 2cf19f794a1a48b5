#!/usr/bin/env node
import path from 'node:path';
import { processOutput } from './cli/output.ts';
import { runProgram } from './cli/program.ts';

// Built, this file is dist/hive-lab/hive-lab.js, with the plugins' folders beside its own.
const dist = path.resolve(import.meta.dirname, '..');
const code = await runProgram(process.argv.slice(2), {
  output: processOutput(),
  cwd: process.cwd(),
  env: process.env,
  dist,
});

// What was written may still be on its way into a pipe; a reader that is gone answers at once.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}
process.exit(code);
