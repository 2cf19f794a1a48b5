import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import { type Moment, moment, whileMs } from '../pipeline/moment.ts';
import type { CommsServices } from '../services.ts';

/** How long messages to a replaced key are read where nothing is said: advisors look in once a week. */
const OVERLAP: Moment = { kind: 'in', ms: 7 * 86_400_000 };

/** At most: whoever has the old key reads as long what is written to it. */
const OVERLAP_MAX_MS = 30 * 86_400_000;

const ACTIONS = ['get', 'rotate', 'import', 'derive', 'export', 'relays'] as const;

interface Params {
  readonly action: (typeof ACTIONS)[number];
  readonly nsec?: string | undefined;
  readonly nsec_file?: string | undefined;
  readonly overlap?: Moment | undefined;
  readonly add?: string | undefined;
  readonly remove?: string | undefined;
}

/** Which parameters an action takes. */
const TAKES: Readonly<Record<Params['action'], readonly (keyof Params)[]>> = {
  get: [],
  rotate: ['overlap'],
  import: ['nsec', 'nsec_file', 'overlap'],
  derive: ['overlap'],
  export: [],
  relays: ['add', 'remove'],
};

function refuse(message: string): never {
  throw new MethodError(INVALID_PARAMS, message);
}

function check(params: Params): void {
  const { action } = params;
  for (const [name, value] of Object.entries(params)) {
    if (name !== 'action' && value !== undefined && !TAKES[action].includes(name as keyof Params)) {
      const users = ACTIONS.filter((one) => TAKES[one].includes(name as keyof Params));
      refuse(`${name}: action=${action} does not take it; action=${users.join(' or ')} does`);
    }
  }
  if (action === 'import' && (params.nsec === undefined) === (params.nsec_file === undefined)) {
    refuse('nsec: import needs the secret key, either as nsec or in a file named by nsec_file');
  }
  if (params.add !== undefined && params.remove !== undefined) {
    refuse('add: give add or remove, not both');
  }
  if (params.overlap !== undefined && overlapMs(params.overlap) > OVERLAP_MAX_MS) {
    refuse('overlap: at most 30d, and 0m where somebody else knows the old key');
  }
}

function overlapMs(overlap: Moment = OVERLAP): number {
  const ms = whileMs(overlap);
  return ms ?? refuse('overlap: expected a while such as 12h or 7d, not a time');
}

function handle(services: CommsServices, params: Params): Promise<JsonObject> | JsonObject {
  const { action, nsec, nsec_file: file, overlap, add, remove } = params;
  const { identity } = services;
  switch (action) {
    case 'get':
      return identity.view();
    case 'rotate':
    case 'derive':
      return identity.change({ kind: action }, overlapMs(overlap));
    case 'import':
      return nsec === undefined
        ? identity.change({ kind: 'import_file', file: file ?? '' }, overlapMs(overlap))
        : identity.change({ kind: 'import', key: nsec }, overlapMs(overlap));
    case 'export':
      return identity.exportKey();
    case 'relays':
      if (add !== undefined) {
        return identity.changeRelay({ add });
      }
      return remove === undefined ? identity.relays() : identity.changeRelay({ remove });
  }
}

/**
 * `hive-client-identity`: shows the node's Nostr identity, changes it, writes it into a file, and shows
 * and changes the relays. The secret itself is never answered.
 */
export const clientIdentity = (ready: () => CommsServices) =>
  method({
    description:
      'Show, rotate, import, export or restore the Nostr identity of this node; show and change its relays',
    params: {
      action: p.oneOf(ACTIONS, 'what to do').default('get'),
      nsec: p
        .text({ max: 256 }, 'import: the secret key (nsec1... or hexadecimal)')
        .asSecret()
        .optional(),
      nsec_file: p
        .text(
          { min: 1, max: 4096 },
          'import: a file with the key, which keeps it off command lines',
        )
        .optional(),
      overlap: p
        .custom(
          moment,
          'how long messages to the old key are read: 7d, at most 30d; 0m: not at all',
        )
        .optional(),
      add: p.text({ min: 1, max: 255 }, 'relays: an address to add (wss://...)').optional(),
      remove: p.text({ min: 1, max: 255 }, 'relays: an address to take out').optional(),
    },
    check,
    handle: (params) => handle(ready(), params),
  });
