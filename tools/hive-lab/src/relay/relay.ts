import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CodedError, describeError } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import type { Event } from '@nostr-relay/common';
import { Validator } from '@nostr-relay/validator';
import { type WebSocket, WebSocketServer } from 'ws';
import { Connection, type ConnectionHost } from './connection.ts';
import { EventStore } from './event-store.ts';
import { changeFaults, type FaultChange, NO_FAULTS, type RelayFaults } from './faults.ts';
import { RELAY_LIMITS, type RelayLimits } from './limits.ts';

/** How a relay is started. */
export interface RelayOptions {
  /** TCP port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  /** Makes the draws of the faults repeatable. */
  readonly seed?: number;
  readonly limits?: Partial<RelayLimits>;
  /** Asks who reads (NIP-42): direct messages and gift wraps go to their authors and readers alone. */
  readonly auth?: boolean;
}

/** A running Nostr relay that keeps its events in memory. */
export interface Relay {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Events stored at present. */
  readonly events: number;
  /** Clients connected at present. */
  readonly connections: number;
  /** The faults in force. */
  readonly faults: RelayFaults;
  /** Changes what goes wrong from now on. */
  readonly setFaults: (change: FaultChange) => void;
  /** Cuts all connections at once, as a crash would; clients may come back. */
  readonly disconnectAll: () => void;
  /** Closes the port and all connections. Idempotent. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a relay (NIP-01, NIP-09, NIP-11, NIP-42 where asked for) on 127.0.0.1. Throws CodedError `relay_port` when the
 * port cannot be had.
 */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const limits: RelayLimits = { ...RELAY_LIMITS, ...options.limits };
  const connections = new Set<Connection>();
  const store = new EventStore(limits.events);
  let faults = NO_FAULTS;
  const address = { url: '' };
  const host: ConnectionHost = {
    store,
    validator: validatorFor(limits),
    limits,
    random: new SeededRandom(options.seed ?? 1),
    faults: () => faults,
    authUrl: () => (options.auth === true ? address.url : undefined),
    now: () => Math.floor(Date.now() / 1000),
    broadcast: (event: Event) => {
      for (const connection of connections) {
        connection.offer(event);
      }
    },
  };
  const accepts = (): boolean => !faults.refuseConnections && connections.size < limits.connections;
  const { http, sockets } = createServers(limits, options.auth === true, accepts);
  sockets.on('connection', (socket: WebSocket) => {
    const connection = new Connection(socket, host);
    connections.add(connection);
    socket.once('close', () => {
      connection.forget();
      connections.delete(connection);
    });
  });
  const port = await listen(http, options.port ?? 0);
  address.url = `ws://127.0.0.1:${port}`;
  let stopping: Promise<void> | undefined;
  return {
    url: address.url,
    port,
    get events() {
      return store.size;
    },
    get connections() {
      return connections.size;
    },
    get faults() {
      return faults;
    },
    setFaults: (change) => {
      faults = changeFaults(faults, change);
    },
    disconnectAll: () => {
      for (const connection of connections) {
        connection.terminate();
      }
    },
    stop: () => {
      stopping ??= stop(http, connections);
      return stopping;
    },
  };
}

type HttpServer = ReturnType<typeof createServer>;

function createServers(
  limits: RelayLimits,
  auth: boolean,
  accepts: () => boolean,
): { http: HttpServer; sockets: WebSocketServer } {
  const http = createServer((request, response) => answerHttp(request, response, limits, auth));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });
  http.on('upgrade', (request, socket, head) => {
    if (!accepts()) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      sockets.emit('connection', client, request);
    });
  });
  return { http, sockets };
}

function validatorFor(limits: RelayLimits): Validator {
  return new Validator({
    maxContentLength: limits.contentLength,
    maxNumberOfTags: limits.tags,
    maxTagValueLength: limits.tagLength,
  });
}

function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  limits: RelayLimits,
  auth: boolean,
): void {
  if (request.headers.accept !== 'application/nostr+json') {
    response.writeHead(426, { 'content-type': 'text/plain' });
    response.end('A Nostr relay: connect with a WebSocket.\n');
    return;
  }
  response.writeHead(200, {
    'content-type': 'application/nostr+json',
    'access-control-allow-origin': '*',
  });
  response.end(
    JSON.stringify({
      name: 'hive-lab relay',
      description: 'Keeps events in memory, for fleets on one machine',
      software: 'hive-lab',
      supported_nips: auth ? [1, 9, 11, 42] : [1, 9, 11],
      limitation: {
        max_message_length: limits.messageBytes,
        max_subscriptions: limits.subscriptions,
        max_filters: limits.filters,
        max_limit: limits.queryResults,
        max_event_tags: limits.tags,
        max_content_length: limits.contentLength,
        auth_required: false,
        payment_required: false,
      },
    }),
  );
}

function listen(http: HttpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (error) => {
      reject(
        new CodedError(
          'relay_port',
          `the relay cannot listen on 127.0.0.1:${port}: ${describeError(error)}`,
          { cause: error, remedy: 'choose another port, or none for a free one' },
        ),
      );
    });
    http.listen({ host: '127.0.0.1', port }, () => resolve((http.address() as AddressInfo).port));
  });
}

async function stop(http: HttpServer, connections: ReadonlySet<Connection>): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  for (const connection of connections) {
    connection.terminate();
  }
  http.closeAllConnections();
  await closed;
}
