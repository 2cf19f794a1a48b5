import type { NodeId } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import { FleetWorld, type Opened, type WorldOptions } from './fleet-world.ts';
import { type ChannelEntry, type Network, openedEntries } from './network.ts';
import { type RoutingAbility, routingAbility, samplePayments } from './routing.ts';

/** What a day of a fleet left to itself came to. */
export interface Day {
  readonly opened: readonly Opened[];
  /** Everything that must never happen and did, a sentence each; empty where all held. */
  readonly faults: readonly string[];
  readonly before: RoutingAbility;
  readonly planned: RoutingAbility;
  /** As many channels of the same size from the same members, to nodes drawn by chance. */
  readonly random: RoutingAbility;
  /** The same to the nodes with most capacity. */
  readonly biggest: RoutingAbility;
  readonly cycles: number;
}

/** How the day goes. */
export interface DayOptions extends WorldOptions {
  readonly hours: number;
  readonly payments: number;
}

/** Lets a fleet run for some virtual hours, watching, and compares what it opened with two plain ways. */
export async function liveDay(options: DayOptions): Promise<Day> {
  const world = await FleetWorld.make(options);
  try {
    const base = world.graph().channels;
    const members = new Set<string>(world.nodes.map(({ id }) => id));
    const payments = samplePayments(
      options.network.channels,
      options.payments,
      new SeededRandom(options.seed + 1),
    );
    const faults = new Set<string>();
    world.wake();
    await world.pass(options.hours * 60, () => watch(world, faults));
    const { opened } = world;
    const random = new SeededRandom(options.seed + 2);
    const [some, most] = [candidates(options.network, 0), candidates(options.network, 1)];
    const measure = (targets: readonly string[]): RoutingAbility =>
      routingAbility(
        [...base, ...instead(options.network.channels, opened, targets)],
        members,
        payments,
      );
    const cycles = await Promise.all(
      world.nodes.map(({ store }) => store.readLog({ limit: 10_000, actionType: 'cycle' })),
    );
    return {
      opened,
      faults: [...faults],
      before: measure([]),
      planned: measure(opened.map(({ target }) => target)),
      random: mean([1, 2, 3].map(() => measure(opened.map(() => random.pick(some))))),
      biggest: measure(most.slice(0, opened.length)),
      cycles: cycles.flat().length,
    };
  } finally {
    await world.close();
  }
}

/** Nodes that could be opened to: by chance those with five channels, by size all, largest first. */
function candidates({ channels }: Network, kind: 0 | 1): readonly string[] {
  const sums = new Map<string, [channels: number, msat: number]>();
  for (const { source, amount_msat } of channels) {
    const [count, msat] = sums.get(source) ?? [0, 0];
    sums.set(source, [count + 1, msat + amount_msat]);
  }
  return [...sums]
    .filter(([, [count]]) => count >= 5)
    .sort((a, b) => b[1][kind] - a[1][kind] || (a[0] < b[0] ? -1 : 1))
    .map(([id]) => id);
}

function instead(
  network: readonly ChannelEntry[],
  opened: readonly Opened[],
  targets: readonly string[],
): ChannelEntry[] {
  return opened.flatMap(({ member, sat }, at) => {
    const target = targets[at];
    return target === undefined
      ? []
      : openedEntries(network, member, target, `${900_000 + at}x1x0`, sat);
  });
}

function mean(all: readonly RoutingAbility[]): RoutingAbility {
  const of = (pick: (one: RoutingAbility) => number): number =>
    all.reduce((sum, one) => sum + pick(one), 0) / all.length;
  return {
    probability: of((one) => one.probability),
    feePpm: of((one) => one.feePpm),
    costPpm: of((one) => one.costPpm),
    competitive: of((one) => one.competitive),
  };
}

/** Looks for what must never be, with sums of its own. */
function watch(world: FleetWorld, faults: Set<string>): void {
  const { budgetPerDaySat, network } = world.options;
  const capacity = new Map<string, number>();
  for (const { source, amount_msat } of network.channels) {
    capacity.set(source, (capacity.get(source) ?? 0) + amount_msat / 1000);
  }
  const fleet = new Map<NodeId, number>();
  const targets = new Map<NodeId, number>();
  for (const { member, target, sat, at } of world.opened) {
    fleet.set(target, (fleet.get(target) ?? 0) + sat);
    targets.set(target, (targets.get(target) ?? 0) + 1);
    const day = world.opened
      .filter((one) => one.member === member && one.at <= at && at - one.at < 86_400_000)
      .reduce((sum, one) => sum + one.sat, 0);
    if (day > budgetPerDaySat) {
      faults.add(`${member} spent ${day} sat of ${budgetPerDaySat} in a day`);
    }
  }
  for (const [target, sat] of fleet) {
    const all = (capacity.get(target) ?? 0) + sat;
    if (sat > all * 0.2) {
      faults.add(`the fleet holds ${sat} of ${all} sat of ${target}`);
    }
    if ((targets.get(target) ?? 0) > 1) {
      faults.add(`${target} got ${targets.get(target)} openings`);
    }
  }
  if (world.nodes.some(({ onchainSat }) => onchainSat < 0)) {
    faults.add('a node spent what it does not have');
  }
}
