import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { textOf } from './advisor.ts';
import type { NodeUnderTest } from './node.ts';

const hmac = (key: Uint8Array | string, data: Uint8Array | string): Buffer =>
  createHmac('sha256', key).update(data).digest();

/** A packet of a macaroon of version 2: kind, length (one or two bytes), bytes. */
function packet(kind: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Buffer.from([kind, ...size]), bytes]);
}

const CAVEATS = ['services=test:0', 'test_valid_until=4000000000'];

/** A macaroon as Aperture makes one, with nothing of the plugin's code. */
function mint(root: Buffer, paymentHash: string): Buffer {
  const id = Buffer.concat([Buffer.alloc(2), Buffer.from(paymentHash, 'hex'), randomBytes(32)]);
  const first = hmac(hmac('macaroons-key-generator', root), id);
  const signature = CAVEATS.reduce((before, text) => hmac(before, text), first);
  return Buffer.concat([
    Buffer.from([2]),
    packet(1, Buffer.from('lsat')),
    packet(2, id),
    Buffer.from([0]),
    ...CAVEATS.flatMap((text) => [packet(2, Buffer.from(text)), Buffer.from([0])]),
    Buffer.from([0]),
    packet(6, signature),
  ]);
}

/**
 * A server that sells what stands under `/<how>/<msat>` over L402, paid to a node. `how`: `good`; `once`:
 * a token opens it one time; `broken`: fails for whoever has paid; `loop`: asks again; `other`: asks with
 * the invoice of another token; `free`; `redirect`; `plain`: 402 without a challenge.
 */
export class L402Server {
  readonly #server: Server;
  readonly #payee: NodeUnderTest;
  readonly #root = randomBytes(32);
  readonly #used = new Map<string, number>();
  /** How often each path was given. */
  readonly given = new Map<string, number>();
  /** Makes `broken` and `loop` work. */
  mended = false;

  private constructor(payee: NodeUnderTest) {
    this.#payee = payee;
    this.#server = createServer((request, response) => {
      this.#answer(request.url ?? '/', request.headers.authorization, response).catch(() =>
        response.writeHead(500).end(),
      );
    });
  }

  static async start(payee: NodeUnderTest): Promise<L402Server> {
    const server = new L402Server(payee);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(
    path: string,
    authorization: string | undefined,
    response: ServerResponse,
  ): Promise<void> {
    const [, how = '', msat = '1000'] = path.split('/');
    if (how === 'redirect') {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      return;
    }
    if (how === 'plain') {
      response.writeHead(402).end();
      return;
    }
    const token = how === 'free' ? 'free' : this.#tokenOf(authorization);
    const uses = this.#used.get(token ?? '') ?? 0;
    if (token === undefined || (how === 'loop' && !this.mended) || (how === 'once' && uses > 0)) {
      await this.#challenge(how, msat, response);
      return;
    }
    if (how === 'broken' && !this.mended) {
      response.writeHead(500).end();
      return;
    }
    this.#used.set(token, uses + 1);
    this.given.set(path, (this.given.get(path) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`this is ${path}`);
  }

  /** The payment hash of a good token. */
  #tokenOf(authorization: string | undefined): string | undefined {
    const match = /^L402 ([^:]+):([0-9a-f]{64})$/.exec(authorization ?? '');
    const bytes = Buffer.from(match?.[1] ?? '', 'base64');
    const at = bytes.indexOf(Buffer.from([2, 66, 0, 0]));
    if (match === null || at < 0) {
      return undefined;
    }
    const id = bytes.subarray(at + 2, at + 68);
    const first = hmac(hmac('macaroons-key-generator', this.#root), id);
    const signature = CAVEATS.reduce((before, text) => hmac(before, text), first);
    const preimage = Buffer.from(match[2] ?? '', 'hex');
    const hash = createHash('sha256').update(preimage).digest();
    const good = bytes.subarray(-32).equals(signature) && hash.equals(id.subarray(2, 34));
    return good ? hash.toString('hex') : undefined;
  }

  async #challenge(how: string, msat: string, response: ServerResponse): Promise<void> {
    const label = randomBytes(8).toString('hex');
    const made = await this.#payee.call('invoice', {
      amount_msat: Number(msat),
      label,
      description: how,
    });
    const hash = how === 'other' ? 'ab'.repeat(32) : textOf(made['payment_hash']);
    const macaroon = mint(this.#root, hash).toString('base64');
    const rest = `macaroon="${macaroon}", invoice="${textOf(made['bolt11'])}"`;
    response.writeHead(402, { 'www-authenticate': [`LSAT ${rest}`, `L402 ${rest}`] }).end();
  }
}
