import type { PollTables } from '@cl-hive/archon';
import { RpcError } from '@cl-hive/cln-rpc';
import { bytesToHex, type JsonObject, type NodeId, nodeId } from '@cl-hive/core';
import { nobleCurve, signMessage } from '@cl-hive/protocol';
import type { Store } from '@cl-hive/store';
import { SeededRandom } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { PollOffice } from '../src/governance/poll-office.ts';
import type { SendToArchon } from '../src/node/archon-wire.ts';
import { Neighbours } from '../src/node/neighbours.ts';
import { statementSigner } from '../src/node/statement-signer.ts';
import { clock, freshFile, openArchonStore } from './support.ts';

const idOf = (secret: Uint8Array): NodeId => nodeId(bytesToHex(nobleCurve.publicKey(secret)));
const SECRET = new Uint8Array(32).fill(1);
const SELF = idOf(SECRET);
const OTHER = idOf(new Uint8Array(32).fill(2));

/** lightningd as far as votes need it; `failing` names what it does not do now, `foreign` whose key it signs with. */
class Lightningd {
  failing: 'nothing' | 'everything' = 'nothing';
  secret = SECRET;

  call = async (_method: unknown, params: unknown): Promise<never> => {
    this.#refuse();
    const { message } = params as { message: string };
    return { zbase: signMessage(message, this.secret).zbase } as never;
  };

  raw = async (): Promise<never> => {
    this.#refuse();
    const members = [SELF, OTHER].map((id) => ({ peer_id: id, tier: 'member' }));
    return { members, channels: [] } as never;
  };

  #refuse(): void {
    if (this.failing === 'everything') {
      throw new RpcError('getinfo', -1, 'lightningd is starting');
    }
  }
}

function officeOn(
  store: Store<PollTables>,
  lightningd: Lightningd,
  send: SendToArchon,
  self = SELF,
) {
  const log = { info: () => {}, debug: () => {}, warn: () => {} };
  const sign = statementSigner(lightningd, self);
  const neighbours = new Neighbours(lightningd, clock);
  const random = new SeededRandom(7);
  const tier = { require: async () => {} };
  const common = { store, self, clock, random, log, send, neighbours, epoch: 0, tier };
  return new PollOffice({ ...common, sign });
}

async function world() {
  const store = await openArchonStore(freshFile());
  const lightningd = new Lightningd();
  const sent: { readonly to: NodeId; readonly topic: string; readonly payload: unknown }[] = [];
  let listens = true;
  const send: SendToArchon = async (to, topic, payload) => {
    if (listens) {
      sent.push({ to, topic, payload });
    }
    return { sent: listens, why: 'as the test has it' };
  };
  const office = (): PollOffice => officeOn(store, lightningd, send);
  const asked = await office().create({
    title: 'Raise the base fee?',
    options: ['yes', 'no'],
    deadline: Math.floor(clock.now() / 1000) + 86_400,
    electorate: [SELF, OTHER],
    tier: 'basic',
    bondSat: undefined,
    metadata: undefined,
  });
  const hears = (now: boolean): void => {
    listens = now;
  };
  return { store, lightningd, sent, hears, office, poll: asked['poll'] as string };
}

async function ballots(office: PollOffice, poll: string): Promise<readonly JsonObject[]> {
  const shown = await office.status(poll, true);
  return shown['ballots'] as readonly JsonObject[];
}

describe('a vote of this node', () => {
  it('PO-01, I7: is one, under the id that was known from the start, while lightningd answers nothing', async () => {
    const { lightningd, office, poll, sent } = await world();
    const one = office();
    lightningd.failing = 'everything';
    await expect(one.vote(poll, 1, undefined)).rejects.toBeInstanceOf(RpcError);
    expect(await ballots(one, poll)).toEqual([]);
    expect(sent.filter(({ topic }) => topic === 'ballots')).toEqual([]);
    // What was decided stays decided: neither another choice nor another name for the voter gets through.
    await expect(one.vote(poll, 2, undefined)).rejects.toMatchObject({ code: 'vote_cast' });
    lightningd.failing = 'nothing';
    await expect(office().vote(poll, 2, undefined)).rejects.toMatchObject({ code: 'vote_cast' });
    await one.vote(poll, 1, undefined);
    await one.vote(poll, 1, undefined);
    const [ballot, ...more] = await ballots(one, poll);
    expect(more).toEqual([]);
    expect(ballot).toMatchObject({ signer: SELF, body: { voter: SELF, choice: 1 } });
  });

  it('PO-01: is not cast when lightningd signs as another node', async () => {
    const { lightningd, office, poll } = await world();
    lightningd.secret = new Uint8Array(32).fill(9);
    await expect(office().vote(poll, 1, undefined)).rejects.toMatchObject({
      code: 'statement_unsigned',
    });
    expect(await ballots(office(), poll)).toEqual([]);
  });

  it('KX-04: is one here and one there, whatever of deciding, signing and sending was cut off', async () => {
    const { lightningd, office, poll, sent, hears } = await world();
    // Decided, not signed: the plugin ends there.
    lightningd.failing = 'everything';
    await expect(office().vote(poll, 2, undefined)).rejects.toBeInstanceOf(RpcError);
    // Signed at the next start, not sent: it ends there too.
    lightningd.failing = 'nothing';
    hears(false);
    const second = office();
    await second.wake();
    second.idle();
    expect(await ballots(second, poll)).toHaveLength(1);
    expect(sent.filter(({ topic }) => topic === 'ballots')).toEqual([]);
    // Then it is handed over as often as the other says that it has nothing, and counted once there.
    hears(true);
    const there = officeOn(
      await openArchonStore(freshFile()),
      new Lightningd(),
      async () => ({ sent: true, why: 'nobody' }),
      OTHER,
    );
    const third = office();
    const nothing = { poll, held: '00', digest: '00'.repeat(32) };
    for (const round of [1, 2]) {
      await third.receive('archon:want', { poll }, OTHER);
      await third.receive('archon:sync', nothing, OTHER);
      for (const { topic, payload } of sent.splice(0)) {
        await there.receive(`archon:${topic}`, payload, SELF);
      }
      expect(await ballots(there, poll), `round ${round}`).toEqual(await ballots(third, poll));
    }
    expect(await ballots(there, poll)).toMatchObject([{ signer: SELF, body: { choice: 2 } }]);
    expect((await third.myVotes())['votes']).toMatchObject([{ poll, choice: 2, counted: true }]);
  });
});
