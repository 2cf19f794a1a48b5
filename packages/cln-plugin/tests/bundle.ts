import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A folder for built plugins. */
export async function buildFolder(): Promise<{
  readonly path: string;
  /** Bundles TypeScript into one executable file, as a plugin ships. */
  readonly bundle: (name: string, source: string) => Promise<string>;
  /** Writes an executable file as it is. */
  readonly write: (name: string, source: string) => Promise<string>;
  readonly remove: () => Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'cln-plugin-'));
  return {
    path,
    bundle: async (name, source) => {
      const outfile = join(path, name);
      await build({
        stdin: { contents: source, loader: 'ts', resolveDir: import.meta.dirname },
        outfile,
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'cjs',
        conditions: ['@cl-hive/source'],
        logLevel: 'error',
      });
      await chmod(outfile, 0o755);
      return outfile;
    },
    write: async (name, source) => {
      const file = join(path, name);
      await writeFile(file, source, { mode: 0o755 });
      return file;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
