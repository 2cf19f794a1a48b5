import { readFileSync } from 'node:fs';

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}

/** What Archon 0.12 itself made. */
export const vectors = fixture('archon-vectors.json') as {
  readonly cids: readonly { readonly json: unknown; readonly cid: string }[];
  readonly operations: readonly {
    readonly call: string;
    readonly operation: Readonly<Record<string, unknown>>;
    readonly result: unknown;
  }[];
};
