import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Scanned, WireScanner } from './wire-scanner.ts';

const MESSAGE = '{"jsonrpc":"2.0","id":"é}\\"{"}';

function scan(...chunks: readonly (string | Uint8Array)[]): readonly Scanned[] {
  const scanner = new WireScanner();
  return chunks.flatMap((chunk) => scanner.push(Buffer.from(chunk)));
}

function texts(found: readonly Scanned[]): readonly string[] {
  return found.map((item) => (item.kind === 'message' ? item.message.text : item.reason));
}

describe('WireScanner', () => {
  it('finds messages however the bytes are cut, with any or no space between them', () => {
    const bytes = Buffer.from(`\n${MESSAGE}${MESSAGE}\n\n {"jsonrpc":{"a":[1,{}]}}`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 80 }), (sizes) => {
        const scanner = new WireScanner();
        const found: Scanned[] = [];
        let at = 0;
        for (const size of sizes) {
          found.push(...scanner.push(bytes.subarray(at, at + size)));
          at += size;
        }
        found.push(...scanner.push(bytes.subarray(at)));
        expect(texts(found)).toEqual([MESSAGE, MESSAGE, '{"jsonrpc":{"a":[1,{}]}}']);
      }),
    );
  });

  it('notices stray text only with the brace that follows it', () => {
    const scanner = new WireScanner();
    expect(scanner.push(Buffer.from('hello world\n'))).toEqual([]);
    expect(texts(scanner.push(Buffer.from(MESSAGE)))[0]).toContain(
      "Failed to parse RPC JSON response 'hello world",
    );
    expect(scanner.push(Buffer.from(MESSAGE))).toEqual([]);
  });

  it.each([
    ['an object without jsonrpc', '{"a":1}', 'JSON-RPC message does not contain "jsonrpc" field'],
    ['a number', `42\n${MESSAGE}`, 'JSON-RPC message does not contain "jsonrpc" field'],
    ['an array', `[${MESSAGE}]`, 'JSON-RPC message does not contain "jsonrpc" field'],
    ['braced text', '{hello}', 'Failed to parse RPC JSON response'],
    ['mismatched brackets', '{"jsonrpc":[}]', 'Failed to parse RPC JSON response'],
  ])('breaks at %s', (_what, text, reason) => {
    const found = scan(text);
    expect(found.map(({ kind }) => kind)).toEqual(['broken']);
    expect(texts(found)[0]).toContain(reason);
  });

  it('breaks at invalid UTF-8', () => {
    const found = scan(
      Buffer.concat([Buffer.from('{"jsonrpc":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    );
    expect(found[0]?.kind).toBe('broken');
  });

  it('gives what came before the break', () => {
    expect(scan(`${MESSAGE}{}`).map(({ kind }) => kind)).toEqual(['message', 'broken']);
  });
});
