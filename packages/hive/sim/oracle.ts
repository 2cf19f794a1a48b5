import { type DoubleGrant, restoreLock } from '../src/index.ts';
import type { Opening } from './node.ts';
import type { Profile } from './profiles.ts';
import { World } from './world.ts';

/** What a schedule showed. */
export interface Verdict {
  readonly openings: number;
  /** Sentences, each a broken invariant; empty when all hold. */
  readonly broken: readonly string[];
}

function twice(
  openings: readonly Opening[],
  key: (one: Opening) => string,
  what: string,
): string[] {
  const seen = new Map<string, Opening>();
  return openings.flatMap((one) => {
    const before = seen.get(key(one));
    seen.set(key(one), one);
    return before === undefined
      ? []
      : [`nodes ${before.node} and ${one.node} opened to ${one.target.slice(-1)} in ${what}`];
  });
}

/** Openings by two holders that a lying member made possible, and for which nobody holds evidence. */
function undetected(world: World): string[] {
  const convicted = new Set(
    world.nodes.flatMap(({ state }) => [...(state?.tables.doubles.values() ?? [])].map(place)),
  );
  return world.openings.flatMap((one) => {
    const other = world.openings.find(
      ({ node, target, window }) =>
        node < one.node && target === one.target && window === one.window,
    );
    return other === undefined || convicted.has(`${one.target}/${one.window}`)
      ? []
      : [`nodes ${other.node} and ${one.node} opened in one window, and nobody knows by whose lie`];
  });
}

const place = ({ first }: DoubleGrant): string => `${first.target}/${first.window}`;

/** The text of a state's tables, in which an opening that a crash interrupts is unknown. */
function tablesText(tables: object): string {
  const sorted = Object.entries(tables as Record<string, ReadonlyMap<string, unknown>>).map(
    ([table, rows]) => [table, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))],
  );
  return JSON.stringify(sorted, (key, value: unknown) =>
    typeof value === 'bigint'
      ? String(value)
      : key === 'phase' || key === 'reason'
        ? undefined
        : value,
  );
}

/**
 * Runs one schedule and judges it from outside the protocol: what was opened on the chain, what
 * stands on the disks, and whether members ever disagree about an epoch.
 */
export function judge(seed: number, profile: Profile): Verdict {
  const world = new World(seed, profile);
  world.run();
  const byLock = twice(
    world.openings,
    (one) => `${one.target}/${one.window}`,
    'one window of the lock',
  );
  const broken = [
    ...(profile.liar && profile.tolerate === 0
      ? undetected(world)
      : [
          ...byLock,
          ...twice(
            world.openings,
            (one) => `${one.target}/${one.trueWindow}`,
            'one window of the chain',
          ),
        ]),
    ...world.openings.flatMap(({ node, against }) =>
      against === undefined ? [] : [`node ${node} opened ${against}`],
    ),
  ];
  const epochs = new Map<string, string>();
  for (const { id, disk, state } of world.nodes) {
    for (const [number, epoch] of state?.tables.epochs ?? []) {
      const members = epoch.members.join();
      if ((epochs.get(number) ?? members) !== members) {
        broken.push(`two epochs are number ${number}`);
      }
      epochs.set(number, members);
    }
    if (
      state !== undefined &&
      tablesText(restoreLock(id, disk.values()).tables) !== tablesText(state.tables)
    ) {
      broken.push(`node ${id.slice(-2)} would not come back from its disk as it was`);
    }
  }
  return { openings: world.openings.length, broken };
}
