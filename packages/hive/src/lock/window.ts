import type { NodeId } from '@cl-hive/core';
import { WINDOW_BLOCKS } from '../limits.ts';

/** The window of a block height; windows are counted by height alone, never by a clock. */
export function windowOf(height: number): number {
  return Math.floor(height / WINDOW_BLOCKS);
}

/**
 * The height from which a grant in `window` no longer binds: a whole window beyond its own, so that
 * nodes whose chains differ by less than a window never disagree on two holders.
 */
export function releaseHeight(window: number): number {
  return (window + 2) * WINDOW_BLOCKS;
}

/** The id of an opening's attempt in `window`; an attempt never outlives its window. */
export function attemptId(wishId: string, window: number): string {
  return `${wishId}.${window}`;
}

/**
 * Which of two holders gives way when neither can reach a majority: the one with the greater rank.
 * Ranks are drawn anew for each target and window, so that losing goes round.
 */
export function outranks(a: NodeId, b: NodeId, target: string, window: number): boolean {
  const difference = rank(a, target, window) - rank(b, target, window);
  return difference === 0 ? a < b : difference < 0;
}

/** 32 well-mixed bits (FNV-1a, then murmur3's finish); fair, and nothing secret hangs on it. */
function rank(node: NodeId, target: string, window: number): number {
  let hash = 0x811c9dc5;
  const text = `${target}:${window}:${node}`;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
