import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventJson, localEvent, readOperation } from '@cl-hive/archon';
import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';

/** The paths and methods of Archon's Gatekeeper (0.12), as its own description has them. */
const api = JSON.parse(
  readFileSync(
    new URL('../../../packages/archon/fixtures/archon-gatekeeper-api.json', import.meta.url),
    'utf8',
  ),
) as { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };

/** How a fake Gatekeeper behaves; each request asks anew. */
export type Manner = 'good' | 'away' | 'stalls' | 'redirects' | 'deaf' | 'refuses';

/** A Gatekeeper over HTTP that keeps operations as Archon's does: in the order in which they came. */
export class FakeGatekeeper {
  manner: Manner = 'good';
  /** Changes what it lists, to lie. */
  edit: (events: readonly JsonObject[]) => readonly JsonValue[] = (events) => events;
  /** Requests that it left without an answer. */
  stalled = 0;
  /** Bytes by content id, and what is served of them: undefined for what it lost. */
  readonly data = new Map<string, Buffer>();
  serve: (bytes: Buffer, cid: string) => Uint8Array | undefined = (bytes) => bytes;
  /** Told before each request to store bytes. */
  onPut: () => void = () => {};
  readonly kept = new Map<string, JsonObject[]>();
  readonly submitted: string[] = [];
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(): Promise<FakeGatekeeper> {
    const gatekeeper = new FakeGatekeeper();
    await new Promise<void>((resolve) => gatekeeper.#server.listen(0, '127.0.0.1', resolve));
    return gatekeeper;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
    }
    this.asked.push(`${method} ${url}`);
    const described = Object.entries(api.paths).some(
      ([path, methods]) =>
        path === url.replace(/^(\/api\/v1\/ipfs\/data\/).+$/, '$1{cid}') &&
        method.toLowerCase() in methods,
    );
    if (!described) {
      throw new Error(`Archon's Gatekeeper has no ${method} ${url}`);
    }
    if (url === '/api/v1/ipfs/data') {
      this.onPut();
    }
    if (this.manner === 'stalls') {
      this.stalled += 1;
      return;
    }
    if (this.manner === 'redirects') {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      return;
    }
    if (this.manner === 'away') {
      response.writeHead(503).end();
      return;
    }
    if (url.startsWith('/api/v1/ipfs/data')) {
      this.#bytes(url, Buffer.concat(parts), response);
      return;
    }
    const body = parseJson(Buffer.concat(parts).toString() || 'null') as JsonObject;
    const answer = url === '/api/v1/did' ? this.#submit(body) : this.#list(body);
    if (this.manner === 'deaf') {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer === undefined ? 500 : 200, { 'content-type': 'application/json' });
    response.end(stringifyJson(answer ?? 'Error: Invalid operation: proof'));
  }

  /** Stores bytes, or serves them; Archon's answers an unknown content id with 500. */
  #bytes(url: string, body: Buffer, response: ServerResponse): void {
    const wanted = url.split('/')[5];
    if (wanted === undefined) {
      if (this.manner === 'refuses') {
        response.writeHead(413).end();
        return;
      }
      // As with the real one, an equal content has an equal id.
      const cid = `bafkrei${createHash('sha256').update(body).digest('hex')}`;
      this.data.set(cid, body);
      response.end(cid);
      return;
    }
    const stored = this.data.get(wanted);
    const served = stored && this.serve(stored, wanted);
    response.writeHead(served === undefined ? 500 : 200).end(served ?? 'Error: no such block');
  }

  #submit(json: JsonObject): JsonValue | undefined {
    if (this.manner === 'refuses') {
      return undefined;
    }
    const operation = readOperation(json);
    const did = 'did' in operation ? operation.did : `did:cid:${operation.id}`;
    this.submitted.push(operation.id);
    this.kept.set(did, [...(this.kept.get(did) ?? []), eventJson(localEvent(operation))]);
    return 'did' in operation ? true : did;
  }

  #list(body: JsonObject): JsonValue {
    const [did = ''] = body['dids'] as readonly string[];
    return [this.edit(this.kept.get(did) ?? [])];
  }
}
