import { runProgram } from '../../src/cli/program.ts';

/** What a run of the program wrote and said. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `hive-gate` in this process with a fixed clock, no terminal and nobody to ask. */
export async function hiveGate(
  cwd: string,
  now: number,
  ...words: readonly string[]
): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runProgram(words, {
    out: (text) => {
      out += text;
    },
    err: (line) => {
      err += `${line}\n`;
    },
    progress: () => undefined,
    columns: () => undefined,
    colour: false,
    cwd,
    env: { PATH: '' },
    now: () => now,
    pause: async () => undefined,
    ask: async () => undefined,
  });
  return { code, out, err };
}
