// Verification of a credential, and of chains per operation, against their bare signature checks in one
// run. `node bench/archon.bench.mjs` prints one JSON line per figure.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { build } from 'esbuild';

const ROUNDS = 15;
const PER_ROUND = 20;
const CHAIN = 20;
const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

/** The fastest of `ROUNDS` measurements of each, taken in turns, in ms: other load only ever adds. */
function inTurns(first, second) {
  const times = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, work] of [first, second].entries()) {
      const start = performance.now();
      work();
      times[at].push(performance.now() - start);
    }
  }
  return times.map((list) => Math.min(...list));
}

function report(name, value, unit, ratio, against) {
  process.stdout.write(`${JSON.stringify({ name, value, unit, ratio, against })}\n`);
}

try {
  symlinkSync(path.resolve(here, '../../../node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'archon.mjs');
  await build({
    entryPoints: [path.join(here, '../src/index.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    external: ['@noble/*', 'multiformats', 'multiformats/*'],
    logLevel: 'error',
  });
  const archon = await import(pathToFileURL(outfile).href);
  const secret = (byte) => new Uint8Array(32).fill(byte);
  const keyOf = (byte) => secp256k1.getPublicKey(secret(byte), true);
  const at = (second) => new Date(1_767_225_600_000 + second * 1000).toISOString();
  const unwrap = (result) => {
    if (!result.ok) {
      throw new Error(result.error.message);
    }
    return result.value;
  };
  const nobody = () => undefined;

  const creation = archon.createAgent(secret(1), keyOf(1), at(0));
  const did = `did:cid:${creation.id}`;
  let chain = unwrap(archon.verifyChain(did, [archon.localEvent(creation)], nobody));
  const owner = chain;
  for (let number = 1; number < CHAIN; number += 1) {
    const key = { secret: secret(number), verificationMethod: `${did}#key-${number}` };
    const operation = archon.rotateKey(chain, keyOf(number + 1), key, at(number));
    chain = unwrap(archon.extendChain(chain, archon.localEvent(operation), nobody));
  }

  const key = { secret: secret(1), verificationMethod: `${did}#key-1` };
  const statusOperation = archon.createAsset(did, {}, key, at(0));
  const status = `did:cid:${statusOperation.id}`;
  const statusChain = unwrap(
    archon.verifyChain(status, [archon.localEvent(statusOperation)], () => owner),
  );
  const issued = archon.issueCredential(
    {
      issuer: did,
      subject: did,
      type: archon.MANAGEMENT_TYPE,
      schema: archon.MANAGEMENT_SCHEMA,
      claims: archon.managementClaims({
        node: `02${'ab'.repeat(32)}`,
        mode: 'act',
        tier: 'standard',
        actions: ['hive:fee-policy/v1', 'hive:monitor/v1'],
        dangerMax: 4,
        terms: {},
      }),
      status,
      validFromMs: 1_767_225_600_000,
      validUntilMs: 1_800_000_000_000,
    },
    key,
    at(1),
  );
  const text = JSON.stringify(issued.json);
  const facts = {
    issuer: owner,
    trusted: true,
    status: { kind: 'known', chain: statusChain, ageMs: 0 },
    schema: (claims) => (archon.readManagementGrant(claims), undefined),
    graceMs: 0,
    now: 1_767_225_700_000,
  };
  const keyOf1 = keyOf(1);
  const chainKeys = Array.from({ length: CHAIN }, (_, index) => keyOf(Math.max(1, index)));
  const bare = (digest, signature, publicKey) =>
    secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true });

  const credential = inTurns(
    () => {
      for (let count = 0; count < PER_ROUND; count += 1) {
        const verdict = archon.verifyCredential(archon.readCredential(JSON.parse(text)), facts);
        if (!verdict.ok) {
          throw new Error(verdict.code);
        }
      }
    },
    () => {
      for (let count = 0; count < PER_ROUND; count += 1) {
        bare(issued.digest, issued.proof.signature, keyOf1);
      }
    },
  );
  report(
    'credential read and verified',
    (PER_ROUND * 1000) / credential[0],
    'per s',
    credential[0] / credential[1],
    'its one bare signature check',
  );

  const listed = JSON.stringify(chain.events.map(archon.eventJson));
  const resolved = inTurns(
    () => {
      const events = JSON.parse(listed).map(archon.readEvent);
      const whole = unwrap(archon.verifyChain(did, events, nobody));
      archon.resolutionOf(whole, archon.newest(whole));
    },
    () => {
      for (const [index, { operation }] of chain.events.entries()) {
        bare(operation.digest, operation.proof.signature, chainKeys[index]);
      }
    },
  );
  report(
    `chain of ${CHAIN} read, verified, resolved: each operation`,
    resolved[0] / CHAIN,
    'ms',
    resolved[0] / resolved[1],
    'one bare signature check each',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
