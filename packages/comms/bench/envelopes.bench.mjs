// Envelopes verified and decided per second against the bare cost of their signature checks, in one
// run: from bytes to a decision on values, and to one that is on disk with its nonce, intent and
// receipt. `node bench/envelopes.bench.mjs` prints one JSON line per figure.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clock, figure, load, median, timed } from './load.mjs';

const SENDERS = 20;
const EACH = 3;
const ENVELOPES = SENDERS * EACH;
const ROUNDS = 15;
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

try {
  const c = await load(folder, [
    'packages/comms/src/index.ts',
    'packages/core/src/index.ts',
    'packages/protocol/src/index.ts',
    'packages/store/src/index.ts',
  ]);
  const { bytesToHex, hexToBytes, nobleCurve, sha256Hex } = c;
  const node = c.nodeId(bytesToHex(nobleCurve.publicKey(new Uint8Array(32).fill(7))));
  const secretOf = (index) => hexToBytes(sha256Hex(`advisor ${index}`));
  const policy = {
    ...c.DEFAULT_POLICY,
    preset: 'aggressive',
    settings: { actionsPerHour: 'unlimited', actionsPerDay: 'unlimited' },
  };
  const now = clock.now();
  let book = { advisors: [] };
  for (let index = 1; index <= SENDERS; index += 1) {
    const key = bytesToHex(nobleCurve.publicKey(secretOf(index)).subarray(1));
    const keys = [{ scheme: 'schnorr', key }];
    book = c.changeAdvisors(book, { kind: 'add', name: `advisor-${index}`, keys }, now);
  }
  const grants = book.advisors.map(({ index }) => ({
    id: index,
    advisor: String(index),
    mode: 'act',
    tier: 'admin',
    actions: 'all',
    constraints: {},
    from: now - 1,
  }));
  const store = await c.openStore({
    location: path.join(folder, 'comms.sqlite3'),
    owner: 'cl-hive-comms',
    migrations: [
      {
        id: 1,
        name: 'plugin',
        sql: (ddl) => [ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`)],
      },
      ...c.commsMigrations,
    ],
    clock,
    log: () => {},
  });
  await store.transact(async (tx) => {
    await c.savePolicy(tx, policy);
    for (const advisor of book.advisors) {
      await c.saveAdvisor(tx, advisor);
    }
    for (const grant of grants) {
      await c.saveGrant(tx, grant);
    }
  });
  const pipeline = await c.PipelineStore.open({ store, clock, node, epoch: 0, onStep: () => {} });

  let nonce = 0;
  /** Fresh envelopes of every sender, with what a bare check of their signatures needs. */
  function write() {
    return Array.from({ length: ENVELOPES }, (_, n) => {
      nonce += 1;
      const index = (n % SENDERS) + 1;
      const envelope = {
        principal: `advisor-${index}`,
        node,
        epoch: 0,
        nonce,
        timestamp: Math.floor(clock.now() / 1000),
        schema: 'hive:fee-policy/v1',
        action: 'set_single',
        params: { channel_id: '800000x1x0', fee_ppm: 100 + (nonce % 100) },
      };
      const digest = hexToBytes(sha256Hex(c.requestSigningText(envelope)));
      const signed = nobleCurve.schnorrSign(digest, secretOf(index), new Uint8Array(32));
      const json = c.requestToJson({ ...envelope, signature: bytesToHex(signed) });
      const key = hexToBytes(book.advisors[index - 1].keys[0].key);
      return { bytes: c.utf8ToBytes(JSON.stringify(json)), check: [signed, digest, key] };
    });
  }

  const facts = { ...c.NO_FACTS, channels: [['800000x1x0']], feeChangePpm: 10 };
  const limits = () => ({ strangers: new c.RateLimiter(1), principals: new c.RateLimiter(1) });
  const inbound = (bytes, index) => ({
    bytes,
    transport: 'nostr',
    source: `key-${index % SENDERS}`,
    route: {},
    evidence: {},
  });

  /** Every stage up to the decision: what `handleRequest` does, with the decision as `decide` makes it. */
  async function run(batch, decide) {
    const context = {
      node,
      skewSeconds: 300,
      moment: pipeline.moment(),
      monotonicMs: clock.monotonic(),
      ...limits(),
    };
    const ports = new Proxy(
      {
        authenticate: async ({ received }) => {
          const key = c.authenticateSigned(received.envelope, book, () => undefined);
          return key === undefined ? { ok: false, message: '' } : { ok: true, key, advisors: book };
        },
        facts: async () => ({ facts, stateBefore: undefined }),
        claim: async ({ claim }) => {
          const decision = await decide(claim);
          if (decision.kind !== 'claimed') {
            throw new Error(`not claimed: ${JSON.stringify(decision.refusal)}`);
          }
          return { kind: 'refused', refusal: { code: 'grant_missing', message: '', remedy: '' } };
        },
        answer: async () => undefined,
        fault: async ({ error }) => {
          throw error;
        },
      },
      { get: (own, name) => own[name] },
    );
    await Promise.all(
      batch.map(({ bytes }, index) =>
        c.drive(c.handleRequest(inbound(bytes, index), context), ports),
      ),
    );
  }

  let highest = new Map();
  const inMemory = async (claim) => {
    const decision = c.decideClaim(
      claim,
      {
        policy,
        grants: grants.filter(({ advisor }) => advisor === claim.principal),
        activity: c.NO_ACTIVITY,
        capUses: [],
        epoch: 0,
        highestNonce: highest.get(claim.principal) ?? 0,
        byNonce: undefined,
        byKey: undefined,
        waiting: { ofPrincipal: 0, all: 0 },
        nextIntent: 1,
      },
      pipeline.moment(),
    );
    highest.set(claim.principal, claim.envelope.nonce);
    return decision;
  };
  const onDisk = (claim) => pipeline.claim(claim);
  const bare = (batch) => {
    for (const { check } of batch) {
      if (!nobleCurve.schnorrVerify(...check)) {
        throw new Error('a signature is wrong');
      }
    }
  };

  const values = [];
  const disk = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    highest = new Map();
    const [one, two] = [write(), write()];
    const base = await timed(async () => bare(one));
    values.push([await timed(() => run(one, inMemory)), base]);
    disk.push([await timed(() => run(two, onDisk)), await timed(async () => bare(two))]);
  }
  const against = 'their signature checks alone';
  const report = (name, pairs) => {
    const warm = pairs.slice(3);
    const [whole, base] = [median(warm.map(([a]) => a)), median(warm.map(([, b]) => b))];
    figure(name, (1000 * ENVELOPES) / whole, '1/s', against, whole / base);
  };
  report('envelopes verified and decided, at most 1.5 x', values);
  report('envelopes verified, decided and claimed on disk', disk);
  await store.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
