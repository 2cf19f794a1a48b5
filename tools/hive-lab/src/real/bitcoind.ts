import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CodedError, isJsonObject, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import { until } from '../fleet/until.ts';
import { Daemon, freePorts } from './daemon.ts';
import { DAEMON_START_MS } from './limits.ts';

/** A regtest bitcoind with a wallet that has coins to spend. */
export interface Bitcoind {
  readonly rpcPort: number;
  readonly rpcUser: string;
  readonly rpcPassword: string;
  /** Calls bitcoind's RPC. Rejects with CodedError `bitcoind_rpc` on an error answer. */
  readonly call: (method: string, params?: readonly JsonValue[]) => Promise<JsonValue>;
  /** Mines `blocks` to the wallet; resolves with the new height. */
  readonly mine: (blocks: number) => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** How bitcoind is started. */
export interface BitcoindOptions {
  readonly program: string;
  /** Its data folder; made when missing. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  readonly onDeath: (reason: string) => void;
}

/** Blocks until a coinbase may be spent. */
const MATURITY = 101;
const USER = 'hive-lab';

/** Starts bitcoind on regtest and mines {@link MATURITY} blocks. It is stopped again on a failure. */
export async function startBitcoind(options: BitcoindOptions): Promise<Bitcoind> {
  const { dir, signal } = options;
  const [rpcPort = 0] = await freePorts(1);
  const rpcPassword = randomBytes(16).toString('hex');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(dir, 'bitcoin.conf'), configuration(rpcPort, rpcPassword), {
    mode: 0o600,
  });
  const daemon = new Daemon({
    name: 'bitcoind',
    program: options.program,
    args: [`-datadir=${dir}`, '-printtoconsole=0'],
    logFile: path.join(dir, 'out'),
    env: options.env,
    onDeath: options.onDeath,
  });
  const call = (method: string, params: readonly JsonValue[] = []): Promise<JsonValue> =>
    callBitcoind({ rpcPort, rpcPassword }, method, params);
  const mine = async (blocks: number): Promise<number> => {
    const address = await call('getnewaddress');
    await call('generatetoaddress', [blocks, address]);
    return Number(await call('getblockcount'));
  };
  const stop = (): Promise<void> => daemon.stop(() => call('stop'));
  try {
    await until(
      async () => {
        daemon.assertRunning();
        return (await call('getblockchaininfo')) !== undefined;
      },
      { what: 'bitcoind to answer', timeoutMs: DAEMON_START_MS, signal },
    );
    await call('createwallet', ['hive-lab']);
    await mine(MATURITY);
  } catch (error) {
    await stop();
    daemon.assertRunning();
    throw error;
  }
  return { rpcPort, rpcUser: USER, rpcPassword, call, mine, stop };
}

function configuration(rpcPort: number, rpcPassword: string): string {
  return [
    'regtest=1',
    'server=1',
    'listen=0',
    'fallbackfee=0.00001',
    '[regtest]',
    'rpcbind=127.0.0.1',
    'rpcallowip=127.0.0.1',
    `rpcport=${rpcPort}`,
    `rpcuser=${USER}`,
    `rpcpassword=${rpcPassword}`,
    '',
  ].join('\n');
}

async function callBitcoind(
  at: { readonly rpcPort: number; readonly rpcPassword: string },
  method: string,
  params: readonly JsonValue[],
): Promise<JsonValue> {
  const response = await fetch(`http://127.0.0.1:${at.rpcPort}/`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${USER}:${at.rpcPassword}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: stringifyJson({ jsonrpc: '1.0', id: 'hive-lab', method, params }),
  });
  const body = await response.text();
  if (body === '') {
    throw new CodedError('bitcoind_rpc', `bitcoind's ${method}: HTTP ${response.status}`);
  }
  const reply = parseJson(body);
  const error = isJsonObject(reply) ? reply['error'] : reply;
  if (!isJsonObject(reply) || (error !== null && error !== undefined)) {
    throw new CodedError('bitcoind_rpc', `bitcoind's ${method}: ${stringifyJson(error)}`);
  }
  return reply['result'] ?? null;
}
