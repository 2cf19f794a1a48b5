import { lintRecklessFolder } from './lint.ts';

// node dist/reckless/run.js FOLDER...: prints findings, exits 1 when there are any.
for (const folder of process.argv.slice(2)) {
  for (const { rule, file, message } of await lintRecklessFolder(folder)) {
    process.stdout.write(`${folder}: ${file}: ${rule}: ${message}\n`);
    process.exitCode = 1;
  }
}
