import { runStoreProgram } from '@cl-hive/store/program';
import { migrations } from './store/migrations.ts';

const write = (stream: NodeJS.WriteStream) => (line: string) => {
  stream.write(`${line}\n`);
};
process.exitCode = await runStoreProgram({ owner: 'cl-hive', migrations }, process.argv.slice(2), {
  out: write(process.stdout),
  err: write(process.stderr),
});
