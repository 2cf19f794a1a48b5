import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@cl-hive/core';
import { CONNECT_PAUSES_MS, SOCKET_PATH_BYTES_MAX } from './limits.ts';
import type { RpcFaultCode } from './rpc-error.ts';

/** Where lightningd's socket is: `rpcFile` of `init` may be a name or an absolute path. */
export function rpcPath(lightningDir: string, rpcFile: string): string {
  return resolve(lightningDir, rpcFile);
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'Start lightningd, or give the path of the lightning-rpc file of the right network.',
  ECONNREFUSED: 'lightningd is not running or shutting down: start it, or wait until it is up.',
  EACCES: 'Run as the user of lightningd, or give that user access to the socket.',
  EPERM: 'Run as the user of lightningd, or give that user access to the socket.',
  ENOTSOCK: 'Give the path of the lightning-rpc socket, not of another file.',
  ENAMETOOLONG: 'Give lightningd a shorter lightning-dir.',
};

const TRANSIENT = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'EINTR']);

/**
 * Connects to lightningd's socket, with a few attempts within 300 ms. Rejects with CodedError
 * `rpc_unreachable`, which names the path and the remedy.
 */
export async function openSocket(path: string): Promise<Socket> {
  for (const pause of [...CONNECT_PAUSES_MS, undefined]) {
    try {
      return await connectOnce(path);
    } catch (cause) {
      const code = errnoOf(cause);
      if (pause === undefined || !TRANSIENT.has(code)) {
        throw unreachable(path, code, cause);
      }
      await sleep(pause);
    }
  }
  throw unreachable(path, 'ECONNREFUSED', undefined);
}

function errnoOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}

function unreachable(path: string, errno: string, cause: unknown): CodedError<RpcFaultCode> {
  return new CodedError('rpc_unreachable', `lightningd cannot be reached at ${path} (${errno})`, {
    data: { path, errno, sent: false },
    remedy: REMEDIES[errno] ?? 'Check that lightningd runs and that the path is its lightning-rpc.',
    cause,
  });
}

async function connectOnce(path: string): Promise<Socket> {
  const short = shortPath(path);
  try {
    return await new Promise((done, fail) => {
      const socket = connect({ path: short.path });
      socket.once('error', fail);
      socket.once('connect', () => {
        socket.off('error', fail);
        done(socket);
      });
    });
  } finally {
    short.release();
  }
}

/**
 * A name of at most {@link SOCKET_PATH_BYTES_MAX} bytes for the socket: the path itself, the path
 * from the working directory, or (Linux) one through an open descriptor of its directory.
 */
function shortPath(path: string): { readonly path: string; readonly release: () => void } {
  const release = (): void => undefined;
  for (const candidate of [path, relative(process.cwd(), path)]) {
    if (Buffer.byteLength(candidate) <= SOCKET_PATH_BYTES_MAX) {
      return { path: candidate, release };
    }
  }
  if (process.platform === 'linux') {
    const fd = openSync(dirname(path), 'r');
    const through = `/proc/self/fd/${fd}/${basename(path)}`;
    if (Buffer.byteLength(through) <= SOCKET_PATH_BYTES_MAX) {
      return { path: through, release: () => closeSync(fd) };
    }
    closeSync(fd);
  }
  throw Object.assign(new Error('the path of the socket is too long'), { code: 'ENAMETOOLONG' });
}
