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
      ([path, methods]) => path === url && method.toLowerCase() in methods,
    );
    if (!described) {
      throw new Error(`Archon's Gatekeeper has no ${method} ${url}`);
    }
    if (this.manner === 'stalls') {
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
    const body = parseJson(Buffer.concat(parts).toString() || 'null') as JsonObject;
    const answer = url === '/api/v1/did' ? this.#submit(body) : this.#list(body);
    if (this.manner === 'deaf') {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer === undefined ? 500 : 200, { 'content-type': 'application/json' });
    response.end(stringifyJson(answer ?? 'Error: Invalid operation: proof'));
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
