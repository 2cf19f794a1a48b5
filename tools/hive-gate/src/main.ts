#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { runProgram } from './cli/program.ts';
import { leaveNothingBehind } from './scratch.ts';

leaveNothingBehind();

for (const stream of [process.stdout, process.stderr]) {
  // A reader that goes away, as `head` does, is no fault.
  stream.on('error', () => undefined);
}
const { stdout, stderr, stdin } = process;
const plain = process.env['NO_COLOR'] !== undefined && process.env['NO_COLOR'] !== '';

const code = await runProgram(process.argv.slice(2), {
  out: (text) => void stdout.write(text),
  err: (line) => void stderr.write(`${line}\n`),
  progress: (text) => {
    if (stderr.isTTY) {
      stderr.write(`\r\u001b[2K${text}`);
    }
  },
  columns: () => (stdout.isTTY ? stdout.columns : undefined),
  colour: stdout.isTTY && !plain,
  cwd: process.cwd(),
  env: process.env,
  now: () => Date.now(),
  pause: (ms) => wait(ms),
  ask: async (question) => {
    if (!stdin.isTTY) {
      return undefined;
    }
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  },
});
await new Promise<void>((resolve) => {
  stdout.write('', () => resolve());
});
process.exit(code);
