import { bytesToHex, type JsonObject, type NodeId, nodeId, type UnixMs } from '@cl-hive/core';
import {
  nobleCurve,
  type RequestEnvelope,
  requestSigningText,
  requestToJson,
  signMessage,
  utf8ToBytes,
} from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpointDraft, checkpointDue, merkleRoot, publishDue } from './checkpoint.ts';
import { exportLine, readExportLine } from './export-line.ts';
import { MerkleTree } from './merkle.ts';
import {
  appendReceipt,
  type ChainHead,
  EMPTY_HEAD,
  type Receipt,
  type ReceiptDraft,
  receiptDigest,
  receiptSigningText,
} from './receipt.ts';
import { type VerifyReport, verifyReceipts } from './verify.ts';

const SECRET = new Uint8Array(32).fill(7);
const NODE = nodeId(bytesToHex(nobleCurve.publicKey(SECRET)));
const AT = 1_800_000_000_000;

class Chain {
  head: ChainHead = EMPTY_HEAD;
  receipts: Receipt[] = [];
  from = 1;

  add(kind: ReceiptDraft['kind'], data: JsonObject, at = AT + this.head.seq * 1000): this {
    const { receipt, head } = appendReceipt(this.head, { kind, data, at: at as UnixMs }, NODE);
    this.receipts.push(receipt);
    this.head = head;
    return this;
  }

  seal(scope: 'hour' | 'day' | 'prune', from = this.from): this {
    const range = { from, to: this.head.seq };
    const digests = this.receipts.slice(from - 1).map(({ digest }) => digest);
    const draft = checkpointDraft(scope, range, digests, AT as UnixMs);
    this.from = this.head.seq + 1;
    return this.add(draft.kind, draft.data, draft.at);
  }

  lines(signed: (receipt: Receipt) => boolean = () => true): string[] {
    return this.receipts.map((receipt) => {
      const text = receiptSigningText(NODE, receipt.seq, receipt.digest);
      const signature = signed(receipt) ? signMessage(text, SECRET).zbase : undefined;
      return exportLine({ ...receipt, signature });
    });
  }
}

function sample(pairs: number): Chain {
  const chain = new Chain();
  for (let intent = 1; intent <= pairs; intent += 1) {
    chain.add('intent', { intent, schema: 'hive:fee-policy/v1', action: 'set_single' });
    chain.add('outcome', { intent, outcome: 'executed', left_msat: '0' });
  }
  return chain;
}

type Options = Partial<Parameters<typeof verifyReceipts>[1]>;
const check = (lines: Iterable<string>, options: Options = {}): VerifyReport =>
  verifyReceipts(lines, {
    node: NODE,
    signatures: 'all',
    faultsMax: 100,
    unsignedTailMax: 64,
    ...options,
  });
const codes = (report: VerifyReport): string[] =>
  report.faults.map(({ code, seq }) => `${code}@${seq}`);

/** A line whose body was changed and whose digest was made to fit again. */
function forge(line: string, change: (body: string) => string): string {
  const read = readExportLine(line);
  const body = change(read?.body ?? '');
  const { signature } = read ?? {};
  return exportLine({ seq: 0, kind: 'intent', body, digest: receiptDigest(body), signature });
}

describe('verifyReceipts', () => {
  let chain: Chain;
  let lines: string[];
  beforeAll(() => {
    chain = sample(4).seal('hour').add('admin', { change: 'preset' }).seal('hour');
    lines = chain.lines();
  });

  it('finds nothing in a good chain', () => {
    const report = check(lines, {
      anchors: [chain.head, { seq: 3, digest: chain.receipts[2]?.digest ?? '' }],
    });
    expect(report).toEqual({
      ok: true,
      receipts: 11,
      signatures: 11,
      proven: 0,
      unsignedTail: 0,
      openIntents: [],
      head: chain.head,
      faults: [],
    });
    expect(check(lines, { signatures: 'seals' })).toMatchObject({ ok: true, signatures: 2 });
    expect(check([]).receipts).toBe(0);
  });

  it('DB-07: names the place of an edit, a deletion, a swap, an insertion, a fork', () => {
    const edited = lines.with(2, (lines[2] ?? '').replace('set_single', 'set_bulk'));
    expect(codes(check(edited))).toContain('edited@3');
    expect(check(edited).faults[0]).toMatchObject({ line: 3, seq: 3 });
    expect(codes(check(lines.toSpliced(4, 1)))).toContain('gap@5');
    expect(check(lines.toSpliced(4, 2)).faults[0]?.message).toBe('receipts 5 to 6 are missing');
    const swapped = lines.with(3, lines[4] ?? '').with(4, lines[3] ?? '');
    expect(codes(check(swapped)).slice(0, 2)).toEqual(['gap@4', 'reordered@4']);
    expect(codes(check(lines.toSpliced(4, 0, lines[3] ?? '')))).toEqual(['repeated@4']);
    const fork = forge(lines[3] ?? '', (body) => body.replace('executed', 'failed'));
    expect(codes(check(lines.toSpliced(4, 0, fork)))).toEqual(['forked@4']);
    const rewritten = forge(lines[3] ?? '', (body) => body.replace('executed', 'failed'));
    expect(codes(check(lines.with(3, rewritten))).slice(0, 2)).toEqual([
      'signature_invalid@4',
      'broken_link@5',
    ]);
    expect(codes(check(lines.slice(2)))).toContain('start_not_sealed@3');
    expect(codes(check(['garbage', ...lines]))).toEqual(['not_a_receipt@undefined']);
  });

  it('DB-07: a cut tail, a chain that was computed anew and an empty one are found by anchors and seals', () => {
    const anchors = [chain.head];
    expect(codes(check(lines.slice(0, -3), { anchors }))).toEqual(['tail_cut@9']);
    expect(codes(check([], { anchors }))).toEqual(['tail_cut@1']);
    const anew = new Chain();
    anew.add('intent', { intent: 1 }).add('outcome', { intent: 1, outcome: 'executed' });
    const stolen = lines.map((line) => readExportLine(line)?.signature);
    const copied = anew.receipts.map((receipt, i) =>
      exportLine({ ...receipt, signature: stolen[i] }),
    );
    expect(codes(check(copied))).toContain('signature_invalid@1');
    const anchored = [{ seq: 2, digest: chain.receipts[1]?.digest ?? '' }];
    expect(
      codes(
        check(
          anew.lines(() => false),
          { anchors: anchored },
        ),
      ),
    ).toContain('anchor_mismatch@2');
    expect(
      codes(
        check(
          anew.lines(() => false),
          { unsignedTailMax: 1 },
        ),
      ),
    ).toEqual(['signature_missing@2']);
  });

  it('checks roots and the ranges of checkpoints', () => {
    const wrong = sample(2);
    wrong.add('checkpoint', { scope: 'hour', from: 1, to: 4, root: 'ab'.repeat(32) });
    expect(codes(check(wrong.lines()))).toEqual(['root_mismatch@5']);
    const shifted = sample(2);
    shifted.seal('hour', 2);
    expect(codes(check(shifted.lines()))).toEqual(['root_mismatch@5']);
    const odd = sample(1).add('checkpoint', { scope: 'week', from: 1, to: 2, root: '' });
    expect(codes(check(odd.lines()))).toEqual(['root_mismatch@3']);
    const both = sample(2).seal('hour').seal('day', 1);
    expect(check(both.lines()).ok).toBe(true);
  });

  it('a pruned chain begins with a signed checkpoint, and goes on', () => {
    const pruned = sample(3)
      .seal('prune')
      .add('intent', { intent: 9 })
      .add('outcome', { intent: 9 });
    const rest = pruned.lines().slice(6);
    expect(check(rest)).toMatchObject({ ok: true, receipts: 3 });
    const { head } = pruned;
    expect(check(rest, { anchors: [head] }).ok).toBe(true);
    const hourly = sample(3).seal('hour').add('admin', {});
    expect(codes(check(hourly.lines().slice(6)))).toContain('start_not_sealed@7');
    const unsigned = pruned.lines(({ seq }) => seq > 7).slice(6);
    expect(codes(check(unsigned))).toContain('start_not_sealed@7');
  });

  it('knows intents and outcomes', () => {
    expect(codes(check(new Chain().add('outcome', { intent: 1 }).lines()))).toEqual([
      'outcome_without_intent@1',
    ]);
    const twice = sample(1).add('outcome', { intent: 1 });
    expect(codes(check(twice.lines()))).toEqual(['outcome_without_intent@3']);
    const again = new Chain().add('intent', { intent: 1 }).add('intent', { intent: 1 });
    expect(codes(check(again.lines()))).toEqual(['outcome_repeated@2']);
    const open = new Chain().add('intent', { intent: 1 }).add('unknown', { intent: 1 });
    expect(check(open.lines())).toMatchObject({ ok: true, openIntents: [1] });
    expect(codes(check(new Chain().add('intent', {}).lines()))).toEqual([
      'outcome_without_intent@1',
    ]);
  });

  it('belongs to one node', () => {
    const other = `02${'ab'.repeat(32)}` as NodeId;
    expect(codes(check(lines, { node: other }))).toContain('wrong_node@1');
  });

  it('finds any change of any character', () => {
    const text = lines.join('\n');
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'a', '"', '}', ' '), (at, put) => {
        const changed = text.slice(0, at) + put + text.slice(at + 1);
        const report = check(changed.split('\n'), { anchors: [chain.head], faultsMax: 3 });
        expect(report.ok).toBe(changed === text);
      }),
      { numRuns: 60 },
    );
  });

  it('finds any removal, repetition or swap of lines', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(10), fc.constantFrom('drop', 'copy', 'swap'), (a, b, kind) => {
        const changed = [...lines];
        if (kind === 'drop') {
          changed.splice(a, 1);
        } else if (kind === 'copy') {
          changed.splice(b, 0, lines[a] ?? '');
        } else {
          [changed[a], changed[b]] = [lines[b] ?? '', lines[a] ?? ''];
        }
        const report = check(changed, { anchors: [chain.head], signatures: 'seals', faultsMax: 3 });
        expect(report.ok).toBe(kind === 'swap' && a === b);
      }),
      { numRuns: 100 },
    );
  });

  it('stops when there are enough faults, and never throws', () => {
    expect(check(lines.toReversed(), { faultsMax: 2 }).faults.length).toBe(2);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 5 }), (texts) => {
        check(texts);
        check(
          texts.map((text) =>
            exportLine({
              seq: 1,
              kind: 'intent',
              body: text,
              digest: receiptDigest(text),
              signature: undefined,
            }),
          ),
        );
      }),
    );
  });
});

describe('the advisor in a receipt', () => {
  const request: RequestEnvelope = {
    principal: 'alice',
    node: NODE,
    epoch: 0,
    nonce: 1,
    timestamp: 1_800_000_000,
    schema: 'hive:monitor/v1',
    action: 'get_info',
    params: {},
  };
  const text = requestSigningText(request);
  const key = new Uint8Array(32).fill(9);
  const schnorr = {
    request: requestToJson({
      ...request,
      signature: bytesToHex(
        nobleCurve.schnorrSign(sha256(utf8ToBytes(text)), key, new Uint8Array(32)),
      ),
    }),
    proof: { scheme: 'schnorr', key: bytesToHex(nobleCurve.publicKey(key).subarray(1)) },
  };
  const lightning = {
    request: requestToJson({ ...request, signature: signMessage(text, SECRET).zbase }),
    proof: { scheme: 'lightning', key: NODE },
  };
  const verdict = (data: JsonObject): string[] =>
    codes(check(new Chain().add('intent', { intent: 1, ...data }).lines()));

  it('SG-03: is checked by anybody who has the export', () => {
    expect(verdict(schnorr)).toEqual([]);
    expect(verdict(lightning)).toEqual([]);
    expect(verdict({ ...schnorr, proof: { scheme: 'hmac', key: 'x' } })).toEqual([]);
    const bad: JsonObject[] = [
      { ...schnorr, request: { ...schnorr.request, nonce: 2 } },
      { ...schnorr, request: { ...schnorr.request, signature: '0'.repeat(128) } },
      { ...schnorr, request: { ...schnorr.request, signature: 'ab' } },
      { ...schnorr, request: { ...schnorr.request, extra: 1 } },
      { ...schnorr, proof: lightning.proof },
      { ...schnorr, proof: { scheme: 'schnorr', key: 'ff'.repeat(32) } },
      { ...lightning, proof: { scheme: 'lightning', key: `02${'ab'.repeat(32)}` } },
      { ...lightning, proof: { scheme: 'lightning', key: 'me' } },
    ];
    for (const data of bad) {
      expect(verdict(data)).toEqual(['advisor_signature_invalid@1']);
    }
  });
});

describe('Merkle trees', () => {
  it('are those of RFC 6962', () => {
    const leaves = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const tree = new MerkleTree();
    for (const leaf of leaves) {
      tree.add(Uint8Array.from(Buffer.from(leaf, 'hex')));
    }
    expect(bytesToHex(tree.root())).toBe(
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
    expect(tree.size).toBe(8);
  });

  it('agree with the recursive definition', () => {
    const node = (items: Uint8Array[]): Uint8Array => {
      if (items.length === 1) {
        return sha256(Uint8Array.from([0, ...(items[0] ?? [])]));
      }
      let half = 1;
      while (half * 2 < items.length) {
        half *= 2;
      }
      return sha256(
        Uint8Array.from([1, ...node(items.slice(0, half)), ...node(items.slice(half))]),
      );
    };
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 40 }),
        (leaves) => {
          expect(merkleRoot(leaves.map(bytesToHex))).toBe(bytesToHex(node(leaves)));
        },
      ),
      { numRuns: 50 },
    );
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('when to seal and publish', () => {
  it('seals hours and days that are over, in UTC', () => {
    const hour = { scope: 'hour', fromSeq: 1, firstAt: 3_599_999 as UnixMs } as const;
    expect(checkpointDue(hour, 3_599_999 as UnixMs)).toBe(false);
    expect(checkpointDue(hour, 3_600_000 as UnixMs)).toBe(true);
    expect(checkpointDue({ ...hour, scope: 'day' }, 3_600_000 as UnixMs)).toBe(false);
    expect(checkpointDue({ ...hour, scope: 'day' }, 86_400_000 as UnixMs)).toBe(true);
    expect(checkpointDue({ ...hour, firstAt: undefined }, 9e12 as UnixMs)).toBe(false);
    expect(checkpointDue({ ...hour, scope: 'prune' }, 9e12 as UnixMs)).toBe(false);
  });

  it('publishes the head every 64 receipts or every hour with news', () => {
    const published = { seq: 10, at: 0 as UnixMs };
    expect(publishDue(published, 73, 1 as UnixMs)).toBe(false);
    expect(publishDue(published, 74, 1 as UnixMs)).toBe(true);
    expect(publishDue(published, 10, 9e9 as UnixMs)).toBe(false);
    expect(publishDue(published, 11, 3_600_000 as UnixMs)).toBe(true);
  });
});
