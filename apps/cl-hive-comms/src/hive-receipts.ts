import { receiptsProgram } from './receipts-cli/program.ts';

const write = (stream: NodeJS.WriteStream) => (line: string) => {
  stream.write(`${line}\n`);
};
process.exitCode = await receiptsProgram(process.argv.slice(2), {
  out: write(process.stdout),
  err: write(process.stderr),
});
