import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMS_TYPE, framesOf, HIVE_TYPE, messageTypeOf, PARTS_MAX, readFrame } from './frame.ts';
import { Reassembly } from './reassembly.ts';

const ID = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

function assemble(frames: readonly Uint8Array[], peer = 'peer', into = new Reassembly()) {
  return frames.flatMap((bytes) => {
    const frame = readFrame(bytes);
    const whole = frame === undefined ? undefined : into.take(peer, frame, 0);
    return whole === undefined ? [] : [whole];
  });
}

describe('custom messages', () => {
  it('have an odd type in the range for applications, and none of Core Lightning', () => {
    expect(COMMS_TYPE % 2).toBe(1);
    expect(COMMS_TYPE).toBeGreaterThanOrEqual(32_768);
    expect([7, 9, 19_533, 19_535, 22_859, 22_861, 37_913]).not.toContain(COMMS_TYPE);
    expect(HIVE_TYPE).toBe(Buffer.from('HI').readUInt16BE());
  });

  it('carry any message, in parts that lightningd takes', () => {
    for (const size of [1, 2, 65_521, 65_522, 65_523, 65_535]) {
      const body = Uint8Array.from({ length: size }, (_, at) => at % 251);
      const frames = framesOf(body, ID);
      expect(frames.length).toBeLessThanOrEqual(PARTS_MAX);
      for (const frame of frames) {
        expect(frame.length).toBeLessThanOrEqual(65_535);
        expect(messageTypeOf(Buffer.from(frame).toString('hex'))).toBe(COMMS_TYPE);
      }
      expect(assemble(frames)).toEqual([body]);
      expect(assemble([...frames].reverse())).toEqual([body]);
    }
  });

  it('are put together once each, however they are swapped or mixed', () => {
    const bodies = [1, 2, 3].map((n) => new Uint8Array(65_530).fill(n));
    const frames = bodies.flatMap((body, at) =>
      framesOf(
        body,
        ID.map((byte) => byte + at),
      ),
    );
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...frames.keys()], { minLength: frames.length }),
        (order) => {
          const whole = assemble(order.map((at) => frames[at] ?? new Uint8Array()));
          expect(new Set(whole.map((body) => body[0]))).toEqual(new Set([1, 2, 3]));
          expect(whole).toHaveLength(3);
        },
      ),
    );
  });

  it('of two peers are never mixed', () => {
    const [first, second] = framesOf(new Uint8Array(65_535), ID);
    const into = new Reassembly();
    expect(assemble([first ?? ID], 'a', into)).toEqual([]);
    expect(assemble([second ?? ID], 'b', into)).toEqual([]);
    expect(into.size).toBe(2);
  });

  it("of the hive go and come as the original's", () => {
    const body = Buffer.from('HIVE{"type":32769,"version":1,"payload":{}}');
    expect(framesOf(body, ID)).toEqual([body]);
    expect(messageTypeOf(body.toString('hex'))).toBe(HIVE_TYPE);
  });

  it('of any bytes are refused or read, never thrown on', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const frame = readFrame(bytes);
        expect(frame === undefined || frame.index < frame.count).toBe(true);
      }),
    );
  });

  it.each([
    ['another version', (frame: Uint8Array) => frame.with(2, 2)],
    ['no part', (frame: Uint8Array) => frame.with(12, 0)],
    ['more parts than there are', (frame: Uint8Array) => frame.with(12, 200)],
    ['a part beyond the last', (frame: Uint8Array) => frame.with(11, 1)],
    ['nothing in it', (frame: Uint8Array) => frame.subarray(0, 13)],
    ['half a header', (frame: Uint8Array) => frame.subarray(0, 9)],
    ['a first part that is not full', (frame: Uint8Array) => frame.with(12, 2)],
  ])('with %s are dropped', (_what, spoil) => {
    const [frame = ID] = framesOf(Uint8Array.of(1, 2, 3), ID);
    expect(readFrame(frame)).toBeDefined();
    expect(readFrame(spoil(frame))).toBeUndefined();
  });
});

describe('unfinished messages', () => {
  const part = (n: number) => {
    const id = Uint8Array.from([n >> 8, n & 0xff, 0, 0, 0, 0, 0, 0]);
    return readFrame(framesOf(new Uint8Array(65_535), id)[0] ?? ID);
  };
  const take = (into: Reassembly, peer: string, n: number, now = 0) => {
    const frame = part(n);
    return frame === undefined ? undefined : into.take(peer, frame, now);
  };

  it('are few for each peer and bounded in all; a flood gives up its own first', () => {
    const into = new Reassembly({ perPeer: 4, all: 8 });
    take(into, 'quiet', 0);
    for (let n = 1; n <= 100; n += 1) {
      take(into, 'flood', n);
    }
    expect(into.size).toBe(5);
    for (let n = 0; n < 100; n += 1) {
      take(into, `peer${n}`, 1);
    }
    expect(into.size).toBe(8);
    expect(into.dropped).toBe(96 + 97);
  });

  it('are given up after half a minute', () => {
    const into = new Reassembly();
    take(into, 'peer', 1, 0);
    take(into, 'peer', 2, 29_999);
    expect(into.size).toBe(2);
    take(into, 'peer', 3, 30_000);
    expect(into.size).toBe(2);
  });

  it('whose parts disagree on their number are given up', () => {
    const into = new Reassembly();
    const frame = part(1);
    expect(frame).toBeDefined();
    if (frame !== undefined) {
      into.take('peer', frame, 0);
      into.take('peer', { ...frame, index: 1, count: 3 }, 0);
    }
    expect(into.size).toBe(0);
  });
});
