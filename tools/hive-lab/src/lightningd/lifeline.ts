/** How an emulated lightningd ended. */
export type NodeEnd =
  /** The RPC command `stop`, or `stop()`. */
  | { readonly kind: 'stopped' }
  /** It ended itself, as `exit(code)` would. */
  | { readonly kind: 'exit'; readonly code: number; readonly reason: string }
  /** It died of a signal: SIGABRT and SIGSEGV are its own bugs and assertions, SIGKILL is `kill()`. */
  | {
      readonly kind: 'signal';
      readonly signal: 'SIGABRT' | 'SIGSEGV' | 'SIGKILL';
      readonly reason: string;
    };

/** Whether a node is still alive, and what happens when it no longer is. */
export class Lifeline {
  #phase: 'starting' | 'running' | 'stopping' | 'over' = 'starting';
  #listeners: ((end: NodeEnd) => void)[] = [];

  get phase(): 'starting' | 'running' | 'stopping' | 'over' {
    return this.#phase;
  }

  /** Up to the moment it ends, shutting down included. */
  get alive(): boolean {
    return this.#phase !== 'over';
  }

  enter(phase: 'running' | 'stopping'): void {
    if (this.alive) {
      this.#phase = phase;
    }
  }

  onEnd(listener: (end: NodeEnd) => void): void {
    this.#listeners.push(listener);
  }

  /** Ends the node; only the first call counts. */
  end(end: NodeEnd): void {
    if (!this.alive) {
      return;
    }
    this.#phase = 'over';
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) {
      listener(end);
    }
  }

  /** As C's `abort()`: for what lightningd calls `fatal`. */
  abort(reason: string): void {
    this.end({ kind: 'signal', signal: 'SIGABRT', reason });
  }

  exit(reason: string): void {
    this.end({ kind: 'exit', code: 1, reason });
  }
}

/** One line that says how a node ended. */
export function describeEnd(end: NodeEnd): string {
  switch (end.kind) {
    case 'stopped':
      return 'stopped';
    case 'exit':
      return `exited ${end.code}: ${end.reason}`;
    case 'signal':
      return `died of ${end.signal}: ${end.reason}`;
  }
}
