// Makes dist/hive-lab/hive-lab.js: the whole lab in one file, without native parts.
// `node build.mjs [FILE]` writes to FILE instead.
import path from 'node:path';
import { bundleTool } from '../workspace/bundle-tool.mjs';

const here = import.meta.dirname;
await bundleTool({
  folder: here,
  out: path.resolve(process.argv[2] ?? path.join(here, '../../dist/hive-lab/hive-lab.js')),
});
