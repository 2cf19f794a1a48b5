import { method } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import { siblingViews, type WatchState } from '@cl-hive/runtime';

/** `hive-siblings`: which plugins of the suite run on this node, which are missing and why. */
export const siblings = (watch: () => WatchState) =>
  method({
    description: 'The other plugins of the suite on this node: state, version, and why not',
    handle: () => ({ siblings: siblingViews(watch()) }),
  });

/**
 * `hive-phase6-plugins`: the same, with the members that scripts for the Python cl-hive read
 * (`cl_hive_comms.active` and so on).
 */
export const phase6Plugins = (watch: () => WatchState) =>
  method({
    description: 'The answer of hive-siblings, with the members of the Python cl-hive',
    handle: () => {
      const state = watch();
      return {
        cl_hive_comms: formerView(state, 'cl-hive-comms'),
        cl_hive_archon: formerView(state, 'cl-hive-archon'),
        warnings: [],
        siblings: siblingViews(state),
      };
    },
  });

function formerView(state: WatchState, name: 'cl-hive-comms' | 'cl-hive-archon'): JsonObject {
  const kind = state.siblings.get(name)?.seen.kind ?? 'absent';
  const installed = kind !== 'absent';
  return { installed, active: kind === 'ready', name: installed ? name : '' };
}
