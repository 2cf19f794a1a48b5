import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from './harness.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => bench.close());

describe('a node', () => {
  it('starts plugins, answers and stops', async () => {
    const plugin = bench.plugin('echo.js', {
      manifest: { rpcmethods: [{ name: 'echo', usage: '[a]' }] },
      onRequest: 'reply({ echo: request.params });',
    });
    const node = await bench.start({ plugins: [{ path: plugin }] });
    expect(await bench.call(node, 'echo', { a: 1 })).toEqual({ echo: { a: 1 } });
    expect(await bench.call(node, 'plugin', ['list'])).toEqual({
      command: 'list',
      plugins: [{ name: plugin, active: true, dynamic: true }],
    });
    expect(await bench.call(node, 'stop')).toEqual({ result: 'Shutdown complete' });
    await node.stop();
    expect(bench.ends).toEqual([{ kind: 'stopped' }]);
  });
});
