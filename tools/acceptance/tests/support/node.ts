import {
  type NodeUnderTest,
  withNode as onNode,
  realBackend,
  type Setting,
} from '@cl-hive/hive-lab';
import { DIST } from './plugins.ts';

export { NodeUnderTest } from '@cl-hive/hive-lab';

/** `npm run test:real` sets this: the same tests then run on real lightningd. */
export const REAL = process.env['CL_HIVE_REAL'] === '1';

/** Runs `test` on a fresh node with the built plugins, emulated or real, and leaves nothing behind. */
export function withNode(
  setting: Omit<Setting, 'dist' | 'backend'>,
  test: (node: NodeUnderTest) => Promise<void>,
): Promise<void> {
  return onNode({ ...setting, dist: DIST, ...(REAL ? { backend: realBackend() } : {}) }, test);
}
