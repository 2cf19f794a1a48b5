/** Where a command writes, and what it may assume there. */
export interface Output {
  /** Whole text to standard output. */
  readonly out: (text: string) => void;
  /** A line to standard error. */
  readonly err: (line: string) => void;
  /** Columns and rows of the terminal; undefined when the output is not one. */
  readonly terminal: () => { readonly columns: number; readonly rows: number } | undefined;
}

/** The process's own streams. A reader that goes away, as `head` does, is no fault. */
export function processOutput(): Output {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => undefined);
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (line) => void process.stderr.write(`${line}\n`),
    terminal: () => {
      const { isTTY, columns, rows } = process.stdout;
      return isTTY ? { columns: columns || 100, rows: rows || 40 } : undefined;
    },
  };
}
