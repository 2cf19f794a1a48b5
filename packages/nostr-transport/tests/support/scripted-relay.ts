import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Filter, matchFilters } from 'nostr-tools/filter';
import type { Event } from 'nostr-tools/pure';
import { type WebSocket, WebSocketServer } from 'ws';
import { afterwards } from './cleanup.ts';

/** A connection of a scripted relay. */
export class ScriptedClient {
  readonly socket: WebSocket;
  readonly subscriptions = new Map<string, Filter[]>();
  authenticated = false;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The id of the subscription to the inbox. */
  get inbox(): string {
    return [...this.subscriptions.keys()].find((id) => id.startsWith('i')) ?? '';
  }
}

/** What a relay does otherwise than an honest one; a function that yields true has answered by itself. */
export interface Script {
  /** Asks for NIP-42 before anything is read or written. */
  readonly auth?: boolean;
  /** Answers the handshake with this HTTP status, or not at all. */
  readonly handshake?: number | 'silent';
  readonly onOpen?: (client: ScriptedClient) => void;
  readonly onReq?: (client: ScriptedClient, id: string, filters: Filter[]) => boolean;
  readonly onEvent?: (client: ScriptedClient, event: Event) => boolean;
}

/** A relay as a real socket whose behaviour a test writes down. */
export class ScriptedRelay {
  readonly url: string;
  readonly stored: Event[] = [];
  readonly clients = new Set<ScriptedClient>();
  readonly authEvents: Event[] = [];
  /** Ids of all subscriptions that were ever asked for. */
  readonly asked = new Set<string>();
  script: Script;
  handshakes = 0;
  readonly #server: Server;
  readonly #raw: Set<Socket>;

  constructor(url: string, script: Script, server: Server, raw: Set<Socket>) {
    this.url = url;
    this.script = script;
    this.#server = server;
    this.#raw = raw;
  }

  stop(): void {
    for (const socket of this.#raw) {
      socket.destroy();
    }
    this.#server.close();
  }

  /** Sends a text as it is to all clients. */
  raw(text: string | Buffer): void {
    for (const { socket } of this.clients) {
      socket.send(text);
    }
  }

  /** Takes an event and delivers it, checked by nobody. */
  put(event: Event): void {
    this.stored.push(event);
    for (const client of this.clients) {
      for (const [id, filters] of client.subscriptions) {
        if (matchFilters(filters, event)) {
          client.send(['EVENT', id, event]);
        }
      }
    }
  }

  receive(client: ScriptedClient, text: string): void {
    const [type, first, ...rest] = JSON.parse(text) as [string, unknown, ...unknown[]];
    const barred = this.script.auth === true && !client.authenticated;
    if (type === 'AUTH') {
      const event = first as Event;
      this.authEvents.push(event);
      client.authenticated = true;
      client.send(['OK', event.id, true, '']);
    } else if (type === 'EVENT') {
      const event = first as Event;
      if (barred) {
        client.send(['OK', event.id, false, 'auth-required: who are you?']);
      } else if (this.script.onEvent?.(client, event) !== true) {
        client.send(['OK', event.id, true, '']);
        this.put(event);
      }
    } else if (type === 'REQ') {
      const id = String(first);
      this.asked.add(id);
      if (barred) {
        client.send(['CLOSED', id, 'auth-required: who are you?']);
      } else {
        client.subscriptions.set(id, rest as Filter[]);
        if (this.script.onReq?.(client, id, rest as Filter[]) !== true) {
          for (const event of this.stored.filter((each) => matchFilters(rest as Filter[], each))) {
            client.send(['EVENT', id, event]);
          }
          client.send(['EOSE', id]);
        }
      }
    } else if (type === 'CLOSE') {
      client.subscriptions.delete(String(first));
    }
  }
}

/** Starts a relay, which is stopped after the test. */
export async function scriptedRelay(script: Script = {}): Promise<ScriptedRelay> {
  const raw = new Set<Socket>();
  const server = createServer((_request, response: ServerResponse) => response.end());
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('connection', (socket: Socket) => {
    raw.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay = new ScriptedRelay(url, script, server, raw);
  server.on('upgrade', (request, socket, head) => {
    relay.handshakes += 1;
    const { handshake } = relay.script;
    if (handshake === 'silent') {
      return;
    }
    if (handshake !== undefined) {
      socket.end(`HTTP/1.1 ${handshake} No\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new ScriptedClient(webSocket);
      relay.clients.add(client);
      webSocket.on('message', (data: Buffer) => relay.receive(client, data.toString('utf8')));
      webSocket.on('close', () => relay.clients.delete(client));
      webSocket.on('error', () => undefined);
      if (relay.script.auth === true) {
        client.send(['AUTH', 'challenge-7']);
      }
      relay.script.onOpen?.(client);
    });
  });
  afterwards(() => relay.stop());
  return relay;
}
