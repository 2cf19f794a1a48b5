import { SeededRandom } from '@cl-hive/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type FleetNode, FleetWorld } from './fleet-world.ts';
import { smallNetwork } from './network.ts';

const network = smallNetwork(300, new SeededRandom(3));
const EXECUTIONS = ['advisor', 'live', 'shadow'] as const;

let world: FleetWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** A fleet of one whose planner has made its first order. */
async function planned(
  execution: (typeof EXECUTIONS)[number],
  before: (node: FleetNode) => void = () => undefined,
): Promise<{ readonly world: FleetWorld; readonly node: FleetNode }> {
  world = await FleetWorld.make({
    network,
    members: 1,
    seed: 1,
    budgetPerDaySat: 50_000_000,
    onchainSat: 60_000_000,
    settings: {
      'hive-planner-max-channel-sats': 10_000_000,
      'hive-planner-execution': execution,
    },
  });
  const [node] = world.nodes;
  if (node === undefined) {
    throw new Error('the fleet is empty');
  }
  before(node);
  world.wake();
  await world.pass(5);
  return { world, node };
}

async function restart(node: FleetNode): Promise<void> {
  await node.stop();
  await node.start();
  await node.orders.catchUp();
}

async function lines(node: FleetNode): Promise<readonly string[]> {
  const rows = await node.store.readLog({ limit: 500 });
  return rows.map(({ action_type, result }) => `${action_type} ${result}`).reverse();
}

const openings = async (node: FleetNode): Promise<readonly string[]> =>
  (await lines(node)).filter((line) => line.startsWith('opening'));

describe.each(EXECUTIONS)('an order in %s mode whose planner was killed', (execution) => {
  it('before the desk was asked is asked for, once', async () => {
    const { world: w, node } = await planned(execution, (one) => {
      const { desk } = one;
      const request = desk.request.bind(desk);
      desk.request = () => {
        desk.request = request;
        return Promise.reject(new Error('killed'));
      };
    });
    expect(node.desk.requests).toEqual([]);
    expect(node.orders.view()).toHaveLength(1);
    await restart(node);
    await restart(node);
    expect(node.desk.requests).toHaveLength(1);
    const [asked] = node.desk.requests;
    expect(asked).toMatchObject({ proposedBy: 'planner' });
    expect(asked?.askPerson ?? false).toBe(execution !== 'live');
    node.desk.approve(asked?.id ?? '');
    await w.pass(5);
    expect(w.opened).toMatchObject([{ target: asked?.target }]);
  });

  it('learns afterwards what became of it meanwhile, and tells it once', async () => {
    const { world: w, node } = await planned(execution);
    const [asked] = node.desk.requests;
    await node.stop();
    node.desk.approve(asked?.id ?? '');
    await w.pass(5);
    expect(w.opened).toHaveLength(1);
    await node.start();
    await node.orders.catchUp();
    const told = await openings(node);
    expect(told.filter((line) => line === 'opening success')).toHaveLength(1);
    await restart(node);
    await restart(node);
    expect(await openings(node)).toEqual(told);
    expect(node.desk.requests).toHaveLength(1);
    expect(await node.orders.open()).toEqual([]);
  });

  it('says nothing again of what stands as it stood', async () => {
    const { node } = await planned(execution);
    const told = await lines(node);
    await restart(node);
    await restart(node);
    expect(await lines(node)).toEqual(told);
  });
});
