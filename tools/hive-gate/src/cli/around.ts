/** What the program knows of its surroundings. */
export interface Around {
  readonly out: (text: string) => void;
  readonly err: (line: string) => void;
  /** Replaces the line of progress on a terminal; writes nothing elsewhere. Empty: clears it. */
  readonly progress: (text: string) => void;
  /** Columns of the terminal; undefined when standard output is none. */
  readonly columns: () => number | undefined;
  readonly colour: boolean;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => number;
  /** Resolves after a while; rejects when the program is to end. */
  readonly pause: (ms: number) => Promise<void>;
  /** Asks the person at the terminal; undefined when there is none. */
  readonly ask: (question: string) => Promise<string | undefined>;
}
