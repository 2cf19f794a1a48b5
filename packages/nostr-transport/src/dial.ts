import { describeError } from '@cl-hive/core';
import { publicLookup } from '@cl-hive/net';
import { WebSocket } from 'ws';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';

/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const TEXT_BYTES_MAX = 3 * NOSTR_LIMITS.frameChars;

/** What a socket tells; after `closed` nothing more. */
export interface SocketEvents {
  readonly opened: () => void;
  readonly received: (data: string | Uint8Array) => void;
  readonly closed: (reason: string) => void;
}

/** A WebSocket as far as a relay needs one. No method throws. */
export interface Socket {
  readonly send: (text: string) => void;
  /** Stops reading, so that the sender waits. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Says goodbye. */
  readonly close: () => void;
  /** Cuts the connection. */
  readonly terminate: () => void;
}

/** Opens a socket to a relay. `guarded`: only to a public address, as somebody else named the relay. */
export type Dial = (url: string, events: SocketEvents, guarded: boolean) => Socket;

/** Sockets of the package `ws`: bounded frames, no compression (a small frame could unpack to a large one), no redirects. */
export const dialWebSocket: Dial = (url, events, guarded) => {
  const socket = new WebSocket(url, {
    maxPayload: NOSTR_LIMITS.frameBytesHard,
    handshakeTimeout: NOSTR_TIMES.connect,
    perMessageDeflate: false,
    followRedirects: false,
    ...(guarded ? { lookup: publicLookup } : {}),
  });
  let reason = '';
  socket.on('open', () => events.opened());
  socket.on('message', (data: Buffer, isBinary) =>
    // A frame that is too long for any event is not even decoded.
    events.received(isBinary || data.length > TEXT_BYTES_MAX ? data : data.toString('utf8')),
  );
  socket.on('error', (error) => {
    reason = describeError(error);
  });
  socket.on('close', (code, text) => {
    const said = text.toString('utf8');
    events.closed(
      reason === '' ? `closed with code ${code}${said === '' ? '' : `: ${said}`}` : reason,
    );
  });
  const open = (): boolean => socket.readyState === WebSocket.OPEN;
  return {
    // A failed write is followed by the close of the socket.
    send: (text) => (open() ? socket.send(text, () => undefined) : undefined),
    pause: () => (open() ? socket.pause() : undefined),
    resume: () => (open() ? socket.resume() : undefined),
    close: () => socket.close(1000),
    terminate: () => socket.terminate(),
  };
};
