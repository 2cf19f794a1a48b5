import { once } from 'node:events';
import { WebSocket } from 'ws';
import { KINDS, type Signer } from '../../src/index.ts';
import { afterwards } from './cleanup.ts';

/** What is wrong with an answer to a challenge. */
export interface BadAnswer {
  readonly challenge?: string;
  readonly url?: string;
  readonly ageSeconds?: number;
  readonly forge?: boolean;
}

/** A client that says what it likes, and keeps what a relay tells it. */
export interface Stranger {
  readonly frames: readonly (readonly unknown[])[];
  readonly send: (frame: unknown) => void;
  /** Answers the relay's challenge as `signer`. */
  readonly authenticate: (signer: Signer, url: string, bad?: BadAnswer) => void;
}

/** Connects to a relay, and waits for its challenge. */
export async function watch(url: string): Promise<Stranger> {
  const socket = new WebSocket(url);
  const frames: unknown[][] = [];
  const first = once(socket, 'message');
  socket.on('message', (data) =>
    frames.push(JSON.parse((data as Buffer).toString('utf8')) as unknown[]),
  );
  afterwards(async () => socket.terminate());
  await first;
  const send = (frame: unknown): void => socket.send(JSON.stringify(frame));
  return {
    frames,
    send,
    authenticate: (signer, relay, bad = {}) => {
      const challenge = bad.challenge ?? String(frames.find(([type]) => type === 'AUTH')?.[1]);
      const event = signer.sign({
        kind: KINDS.auth,
        created_at: Math.floor(Date.now() / 1000) - (bad.ageSeconds ?? 0),
        tags: [
          ['relay', bad.url ?? relay],
          ['challenge', challenge],
        ],
        content: '',
      });
      send(['AUTH', bad.forge === true ? { ...event, sig: '00'.repeat(64) } : event]);
    },
  };
}
