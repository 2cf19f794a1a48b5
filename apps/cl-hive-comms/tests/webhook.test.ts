import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isCodedError, nodeId, parseJson } from '@cl-hive/core';
import type { HostAddress, Resolve } from '@cl-hive/net';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { webhookSink } from '../src/timers/webhook.ts';
import { webhookFault } from '../src/timers/webhook-url.ts';

const NODE = nodeId(`02${'ab'.repeat(32)}`);
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** What telling came to: `told`, or the error's code. */
async function tell(url: string, resolve: Resolve = async () => []): Promise<string> {
  const sink = webhookSink({ url: () => url, node: NODE, clock: new VirtualClock(), resolve });
  try {
    await sink.tell({ type: 'alert', text: 'fire', data: { level: 'critical' } });
    return 'told';
  } catch (error) {
    if (!isCodedError(error)) {
      throw error;
    }
    expect(error.message).not.toContain('s3cret');
    return error.code;
  }
}

const answering =
  (...addresses: readonly string[]): Resolve =>
  async (): Promise<readonly HostAddress[]> =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('a webhook', () => {
  it('is told, at an address of the own network that the operator wrote out', async () => {
    const bodies: unknown[] = [];
    const port = await serve((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => {
        text += part.toString();
      });
      request.on('end', () => {
        bodies.push(parseJson(text));
        response.end('thanks');
      });
    });
    expect(await tell(`http://127.0.0.1:${port}/s3cret`)).toBe('told');
    expect(bodies).toEqual([{ type: 'hive.alert', node: NODE, text: 'fire', level: 'critical' }]);
  });

  it.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['192.168.1.1'],
    ['100.64.0.1'],
    ['0.0.0.0'],
    ['::1'],
    ['::ffff:169.254.169.254'],
    ['64:ff9b::7f00:1'],
    ['fd00::1'],
    ['fe80::1'],
    ['8.8.8.8', '127.0.0.1'],
  ])('SS-01, SS-04: whose name leads to %s is not told', async (...addresses) => {
    const url = 'http://hook.example/s3cret';
    expect(await tell(url, answering(...addresses))).toBe('webhook_private');
  });

  it.each([
    'http://169.254.169.254/s3cret',
    'http://0.0.0.0/s3cret',
    'http://[::]/s3cret',
    'http://[fe80::1]/s3cret',
    'http://[::ffff:169.254.169.254]/s3cret',
    'http://224.0.0.1/s3cret',
  ])('at %s is not told: no network of one’s own is there', async (url) => {
    expect(await tell(url)).toBe('webhook_private');
  });

  it('that redirects, refuses or does not answer is said to, without its address', async () => {
    const inside = await serve((_request, response) => response.end('reached'));
    const redirect = await serve((_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${inside}/` }).end();
    });
    const refusing = await serve((_request, response) => response.writeHead(500).end());
    expect(await tell(`http://127.0.0.1:${redirect}/s3cret`)).toBe('webhook_unreachable');
    expect(await tell(`http://127.0.0.1:${refusing}/s3cret`)).toBe('webhook_refused');
    expect(await tell('http://s3cret.example/', answering())).toBe('webhook_unreachable');
  });

  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://①②⑦.0.0.1/',
  ])('SS-01: is not taken when its address is in disguise: %s', (url) => {
    expect(webhookFault(url)).toContain('127.0.0.1');
  });

  it.each(['ftp://hook.example/', 'hook', 'http://'])('is not taken: %s', (url) => {
    expect(webhookFault(url)).toBeDefined();
  });

  it.each([
    'https://hook.example/x',
    'http://127.0.0.1:8080/x',
    'http://[::1]/',
    'https://bücher.example/',
  ])('is taken: %s', (url) => {
    expect(webhookFault(url)).toBeUndefined();
  });
});
