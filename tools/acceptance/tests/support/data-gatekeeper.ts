import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The data store of an Archon Gatekeeper (`/api/v1/ipfs/data`), in memory, on this machine. */
export interface DataGatekeeper {
  readonly url: string;
  /** Bytes by content id, in the order in which they came. */
  readonly data: ReadonlyMap<string, Buffer>;
}

const PATH = '/api/v1/ipfs/data';

/** Runs `test` with one. Other requests are answered as by a Gatekeeper that fails. */
export async function withDataGatekeeper(
  test: (gatekeeper: DataGatekeeper) => Promise<void>,
): Promise<void> {
  const data = new Map<string, Buffer>();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
    }
    const { method, url = '' } = request;
    if (method === 'POST' && url === PATH) {
      const bytes = Buffer.concat(parts);
      const cid = `bafkrei${createHash('sha256').update(bytes).digest('hex')}`;
      data.set(cid, bytes);
      response.end(cid);
      return;
    }
    const found = url.startsWith(`${PATH}/`) ? data.get(url.slice(PATH.length + 1)) : undefined;
    response.writeHead(found === undefined ? 500 : 200).end(found);
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await test({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, data });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
}
