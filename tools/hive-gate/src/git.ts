import { spawnSync } from 'node:child_process';
import { GIT_MS } from './limits.ts';

/** What git says, or undefined where there is no git, no repository or no such thing. */
export function git(root: string, ...args: readonly string[]): string | undefined {
  const done = spawnSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    timeout: GIT_MS,
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return done.status === 0 ? done.stdout.trimEnd() : undefined;
}

/** The commit that is checked out. */
export function headCommit(root: string): string | undefined {
  return git(root, 'rev-parse', '--verify', 'HEAD^{commit}');
}

/** Tracked files that differ from it, and files that git neither tracks nor ignores. */
export function changedFiles(root: string): readonly string[] {
  const status = git(root, 'status', '--porcelain', '--untracked-files=all') ?? '';
  return status === '' ? [] : status.split('\n').map((line) => line.slice(3));
}
