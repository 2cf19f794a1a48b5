import { readFileSync } from 'node:fs';

/**
 * Names the lightningd that started this process: its id and, on Linux, when it started, since in a
 * container every lightningd has the same id.
 */
export function nodeInstance(): string {
  return `${process.ppid}@${startOf(process.ppid)}`;
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it is in parentheses and may hold anything; the start is the 20th field behind.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
