import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, isCodedError } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { checkedAddresses, type HostAddress } from './addresses.ts';
import { type GuardedRequest, guardedRequest } from './guarded-request.ts';

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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const still: Pick<Clock, 'after'> = new VirtualClock();

function get(url: string, more: Partial<GuardedRequest> = {}): GuardedRequest {
  const bounds = { bytesMax: 1_048_576, totalMs: 10_000, allowPrivate: true };
  return { url: new URL(url), method: 'GET', ...bounds, ...more };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'answered',
    (thrown: unknown) => thrown,
  );
  return isCodedError(error) ? error.code : String(error);
}

const answering = (...answers: readonly (readonly string[])[]) => {
  let calls = 0;
  const resolve = async (): Promise<readonly HostAddress[]> => {
    const answer = answers[Math.min(calls, answers.length - 1)] ?? [];
    calls += 1;
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolve, calls: () => calls };
};

describe('the address of a request', () => {
  const inside = [
    '127.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.0.1',
    '192.0.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fc00::1',
    'fe80::1',
    'ff02::1',
  ];

  it.each(inside)('SS-01: %s is refused, resolved and written out', async (address) => {
    const request = get('http://gatekeeper.example/', { allowPrivate: false });
    const { resolve } = answering([address]);
    expect(await codeOf(guardedRequest(request, { clock: still, resolve }))).toBe(
      'address_private',
    );
    const host = address.includes(':') ? `[${address}]` : address;
    const written = get(`http://${host}/`, { allowPrivate: false });
    expect(await codeOf(guardedRequest(written, { clock: still, resolve }))).toBe(
      'address_private',
    );
  });

  it.each(['http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://127.1/'])(
    'SS-01: %s is the loopback in disguise',
    async (url) => {
      const { resolve } = answering(['8.8.8.8']);
      const work = guardedRequest(get(url, { allowPrivate: false }), { clock: still, resolve });
      expect(await codeOf(work)).toBe('address_private');
    },
  );

  it('SS-03: is looked up once, and the socket gets what was checked', async () => {
    const port = await serve((_request, response) => response.end('inside'));
    const rebinding = answering(['8.8.8.8'], ['127.0.0.1']);
    const request = get(`http://rebind.example:${port}/`, { allowPrivate: false });
    const clock = new VirtualClock();
    const work = guardedRequest(request, { clock, resolve: rebinding.resolve });
    const outcome = codeOf(work);
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    clock.advance(10_000);
    // It dials 8.8.8.8, which this machine may reach or not; never the inside.
    expect(await outcome).toMatch(/^request_(?:time|failed)$/);
    expect(rebinding.calls()).toBe(1);
  });

  it.each([
    [['8.8.8.8', '10.0.0.1'], 'address_private'],
    [['8.8.8.8', '::1'], 'address_private'],
    [[], 'address_unknown'],
  ])('SS-04: the answers %j are refused as a whole', async (answers, code) => {
    const { resolve } = answering(answers);
    const work = checkedAddresses('mixed.example', { allowPrivate: false, resolve });
    expect(await codeOf(work)).toBe(code);
  });

  it('inside is dialled where the operator listed it', async () => {
    const port = await serve((_request, response) => response.end('hello'));
    const answer = await guardedRequest(get(`http://127.0.0.1:${port}/`), { clock: still });
    expect(answer.status).toBe(200);
    expect(Buffer.from(answer.body).toString()).toBe('hello');
  });

  it('other protocols are refused', async () => {
    const work = guardedRequest(get('file:///etc/passwd'), { clock: still });
    expect(await codeOf(work)).toBe('request_url');
  });
});

describe('the answer to a request', () => {
  it('has its headers, those that came twice too', async () => {
    const port = await serve((_request, response) => {
      response.setHeader('WWW-Authenticate', ['LSAT a', 'L402 b']);
      response.writeHead(402).end('pay');
    });
    const request = get(`http://127.0.0.1:${port}/`);
    const answer = await guardedRequest(request, { clock: still });
    expect(answer.status).toBe(402);
    expect(answer.headers['www-authenticate']).toEqual(['LSAT a', 'L402 b']);
    expect(answer.headers['location']).toBeUndefined();
  });

  it('that redirects is refused, and no secret follows it', async () => {
    let followed = false;
    const target = await serve((_request, response) => {
      followed = true;
      response.end();
    });
    const port = await serve((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${target}/` });
      response.end();
    });
    const request = get(`http://127.0.0.1:${port}/`, { headers: { authorization: 'Bearer x' } });
    expect(await codeOf(guardedRequest(request, { clock: still }))).toBe('request_redirect');
    expect(followed).toBe(false);
  });

  it('SS-06: without end is cut off', async () => {
    const port = await serve((_request, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536))) {
          // Until the reader is slower.
        }
      };
      response.on('drain', more);
      more();
    });
    const request = get(`http://127.0.0.1:${port}/`);
    expect(await codeOf(guardedRequest(request, { clock: still }))).toBe('request_size');
  });

  it('SS-06: compressed is refused', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(Buffer.alloc(100));
    });
    const request = get(`http://127.0.0.1:${port}/`);
    expect(await codeOf(guardedRequest(request, { clock: still }))).toBe('request_encoding');
  });

  it('SS-06: with a mebibyte of headers is refused', async () => {
    const port = await serve((request) => {
      request.socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_048_576)}\r\n\r\n`);
    });
    const request = get(`http://127.0.0.1:${port}/`);
    expect(await codeOf(guardedRequest(request, { clock: still }))).toBe('request_failed');
  });

  it.each([
    ['never comes', (): void => {}],
    [
      'comes byte by byte',
      (_request: unknown, response: { write: (text: string) => void }) => {
        response.write('a');
      },
    ],
  ] as const)('SS-06: that %s is given up after the whole time', async (_what, listener) => {
    const clock = new VirtualClock();
    let arrived = (): void => {};
    const here = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const port = await serve((request, response) => {
      (listener as RequestListener)(request, response);
      arrived();
    });
    const outcome = codeOf(guardedRequest(get(`http://127.0.0.1:${port}/`), { clock }));
    await here;
    clock.advance(9_999);
    clock.advance(1);
    expect(await outcome).toBe('request_time');
  });
});
