import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MintFront } from './front.ts';

const BODY_MAX = 4_194_304;

/** A mint that listens on the loopback. */
export interface MintServer {
  readonly url: string;
  close(): Promise<void>;
}

async function answer(
  front: MintFront,
  of: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly body: string | undefined;
  },
): Promise<void> {
  const { method = '', url = '', socket } = of.request;
  const given = await front.request(method, url, of.body);
  if (given === undefined) {
    socket.destroy();
  } else if (given !== null) {
    of.response.writeHead(given.status, { 'content-type': 'application/json' });
    of.response.end(given.text);
  }
}

/** Starts a mint's HTTP interface on 127.0.0.1; port 0 is any free one. */
export async function serveMint(front: MintFront, port = 0): Promise<MintServer> {
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size > BODY_MAX) {
        request.destroy();
      }
    });
    request.on('end', () => {
      const body = size === 0 ? undefined : Buffer.concat(parts).toString('utf8');
      void answer(front, { request, response, body });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
