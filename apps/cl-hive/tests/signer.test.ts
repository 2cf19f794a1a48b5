import { hexToBytes, type JsonValue } from '@cl-hive/core';
import { escapedText, sha256Hex, signMessage } from '@cl-hive/protocol';
import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { BREAKER_FAILURES, BREAKER_REST_MS, CALL_MS } from '../src/limits.ts';
import { NodeSigner } from '../src/ports/signer.ts';
import { testKey } from './support/network.ts';

const NODE = testKey(0);
const signature = (text: string, secret = NODE.secret): string =>
  signMessage(escapedText(text), secret).zbase;

/** What cl-hive-archon does when it is asked to sign. */
type Archon = (text: string, timeoutMs: number) => Promise<JsonValue>;

const signs: Archon = async (text) => ({ zbase: signature(text) });
const fails: Archon = () => Promise.reject(new Error('Unknown command'));

/** A signer of a node whose archon behaves as `archon` says at the moment. */
function node(archon: Archon) {
  const clock = new VirtualClock();
  const asked = { archon: 0, lightningd: 0 };
  const log: string[] = [];
  const at = { archon, ready: true, lightningd: true };
  const signer = new NodeSigner({
    clock,
    self: NODE.id,
    archonReady: () => at.ready,
    log: (_, message) => log.push(message),
    rpc: {
      raw: async (_method, params, options) => {
        asked.archon += 1;
        const { message } = params as { message: string };
        return at.archon(message, options?.timeoutMs ?? 0);
      },
      call: async (_method, params) => {
        asked.lightningd += 1;
        if (!at.lightningd) {
          throw new Error('lightningd is stopping');
        }
        const { message } = params as unknown as { message: string };
        return { zbase: signature(message) } as never;
      },
    },
  });
  const sign = (text = 'a text'): Promise<string> => signer.sign(text);
  return { at, clock, asked, log, signer, sign };
}

describe('the signer with cl-hive-archon', () => {
  it('has it sign, and lightningd where it is not there', async () => {
    const { at, asked, signer, sign } = node(signs);
    expect(signer.by).toBe('archon');
    expect(await sign()).toBe(signature('a text'));
    expect(asked).toEqual({ archon: 1, lightningd: 0 });
    at.ready = false;
    expect(signer.by).toBe('lightningd');
    expect(await sign()).toBe(signature('a text'));
    expect(asked).toEqual({ archon: 1, lightningd: 1 });
  });

  it('loses no signature to a failing one, and leaves it alone after three failures in a row', async () => {
    const { at, asked, log, signer, sign } = node(fails);
    for (let count = 0; count < 10; count += 1) {
      expect(await sign(`text ${count}`)).toBe(signature(`text ${count}`));
    }
    expect(asked).toEqual({ archon: BREAKER_FAILURES, lightningd: 10 });
    expect(signer.by).toBe('lightningd');
    expect(log).toEqual([expect.stringContaining('Unknown command')]);
    at.archon = signs;
    await sign();
    expect(asked.archon).toBe(BREAKER_FAILURES);
  });

  it('bounds how long a slow one may take, and counts it as failing', async () => {
    const bounds: number[] = [];
    const slow: Archon = (_, timeoutMs) => {
      bounds.push(timeoutMs);
      return Promise.reject(new Error(`no answer within ${timeoutMs} ms`));
    };
    const { signer, sign } = node(slow);
    for (let count = 0; count < BREAKER_FAILURES; count += 1) {
      expect(await sign()).toBe(signature('a text'));
    }
    expect(bounds).toEqual([CALL_MS, CALL_MS, CALL_MS]);
    expect(signer.by).toBe('lightningd');
  });

  it.each([
    ['refuses', { error: 'not_ready', message: 'no identity' }],
    ['answers nothing', null],
    ['answers a list', [signature('a text')]],
    ['answers a number', { zbase: 7 }],
    ['answers no zbase32', { zbase: '!'.repeat(104) }],
    ['signs another text', { zbase: signature('another text') }],
    ['signs with another key', { zbase: signature('a text', hexToBytes(sha256Hex('thief'))) }],
  ])('takes no answer of one that %s for this node’s signature', async (_, answer) => {
    const { asked, signer, sign } = node(async () => answer);
    for (let count = 0; count <= BREAKER_FAILURES; count += 1) {
      expect(await sign()).toBe(signature('a text'));
    }
    expect(asked).toEqual({ archon: BREAKER_FAILURES, lightningd: BREAKER_FAILURES + 1 });
    expect(signer.by).toBe('lightningd');
  });

  it('asks it again after the rest, whatever the wall clock does, and trusts it from its first answer', async () => {
    const { at, clock, asked, signer, sign } = node(fails);
    for (let count = 0; count < BREAKER_FAILURES; count += 1) {
      await sign();
    }
    clock.step(10 * BREAKER_REST_MS);
    expect(signer.by).toBe('lightningd');
    clock.step(-20 * BREAKER_REST_MS);
    clock.advance(BREAKER_REST_MS - 1);
    expect(signer.by).toBe('lightningd');
    clock.advance(1);
    expect(signer.by).toBe('archon');
    at.archon = signs;
    expect(await sign()).toBe(signature('a text'));
    expect(asked).toEqual({ archon: BREAKER_FAILURES + 1, lightningd: BREAKER_FAILURES });
  });

  it('counts failures in a row only', async () => {
    const { at, signer, sign } = node(fails);
    for (let round = 0; round < 5; round += 1) {
      at.archon = fails;
      await sign();
      await sign();
      at.archon = signs;
      await sign();
    }
    expect(signer.by).toBe('archon');
  });

  it('says so when nobody can sign', async () => {
    const { at, sign } = node(fails);
    at.lightningd = false;
    await expect(sign()).rejects.toThrow('lightningd is stopping');
  });
});
