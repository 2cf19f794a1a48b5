import {
  array,
  type Decoded,
  integer,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  parseJson,
  text,
} from '@cl-hive/core';
import { NODES_MAX } from './limits.ts';

const path = text(4096);

/** What `fleet.json` tells other programs of the fleet that runs in a folder. */
const decodeState = object({
  format: integer(1, 1),
  /** The process that runs the fleet. */
  owner: object({ pid: integer(1), start: text(256) }),
  /** Every process of the fleet has this in its environment as {@link MARK_VARIABLE}. */
  mark: text(64),
  backend: oneOf('lab', 'real'),
  publicNetwork: text(4096),
  relay: optional(text(256)),
  nodes: array(
    object({ number: integer(1), id: nodeIdDecoder, lightningDir: path, rpcFile: path }),
    NODES_MAX,
  ),
});

/** {@inheritDoc decodeState} */
export type FleetState = Decoded<typeof decodeState>;

/** The environment variable by which the processes of a fleet are found when its owner is gone. */
export const MARK_VARIABLE = 'HIVE_LAB_FLEET';

/** Reads a state file's text; undefined for anything that this version did not write. */
export function parseFleetState(textOfFile: string): FleetState | undefined {
  try {
    return decodeState(parseJson(textOfFile));
  } catch {
    return undefined;
  }
}
