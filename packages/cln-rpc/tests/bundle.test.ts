import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { ScriptedServer } from './scripted-server.ts';

const run = promisify(execFile);
const folder = new URL('.', import.meta.url).pathname;

async function bundle(outfile: string, contents: string): Promise<string> {
  await build({
    stdin: { contents, resolveDir: folder },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  return readFileSync(outfile, 'utf8');
}

it('a plugin that uses one command carries only that one, and an idle client lets it exit', async () => {
  const server = await new ScriptedServer((request) =>
    request.answer({ outputs: [], channels: [] }),
  ).start();
  try {
    const file = join(server.folder, 'plugin.mjs');
    const text = await bundle(
      file,
      `import { connectRpc, listfunds } from '../src/index.ts';
       const rpc = connectRpc({ path: ${JSON.stringify(server.path)} });
       console.log(JSON.stringify(await rpc.call(listfunds, {})));`,
    );
    expect(text).toContain('decodeListfundsResponse');
    expect(text).not.toMatch(/decodeListchannels|decodeGetinfo|HOOK_|NOTIFICATION_|COMMANDS/);
    expect(text.length).toBeLessThan(80_000);
    const { stdout } = await run(process.execPath, [file], { timeout: 20_000 });
    expect(stdout).toBe('{"outputs":[],"channels":[]}\n');
  } finally {
    await server.stop();
    rmSync(server.folder, { recursive: true, force: true });
  }
});
