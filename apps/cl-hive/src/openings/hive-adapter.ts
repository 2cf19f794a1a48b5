import {
  describeError,
  isNodeId,
  type JsonObject,
  type JsonValue,
  type NodeId,
} from '@cl-hive/core';
import { decodeLockMessage, firstEpoch } from '@cl-hive/hive';
import { verifyEitherForm } from '@cl-hive/protocol';
import type { Hive } from '../hive.ts';
import type { HivePort } from './hive-port.ts';
import { INTENT_EXPIRES_SECONDS } from './limits.ts';
import type { LockRunner } from './lock-runner.ts';

/** Topic of the lock's messages among nodes of this software. */
export const LOCK_TOPIC = 'lock';

/** The original's name for opening a channel. */
const CHANNEL_OPEN = 'channel_open' as const;

/** The hive as the lock sees it, and who of it takes part: those that say they can. */
export class HiveAdapter implements HivePort {
  readonly #hive: Hive;
  readonly #lock: () => LockRunner;

  constructor(hive: Hive, lock: () => LockRunner) {
    this.#hive = hive;
    this.#lock = lock;
  }

  /** Takes the lock's messages, and the intents of members that speak only the original's protocol. */
  listen(): void {
    const { dispatcher, membership, self } = this.#hive;
    membership.onCommand((turn, command) => {
      const alone = membership.others(turn).length === 0;
      if (command.kind === 'electorate' && alone && command.members.join() === self) {
        // Whoever founds a hive begins its epochs, in the same moment.
        this.#lock().apply(turn, { kind: 'given_epoch', epoch: firstEpoch([self]) });
      } else if (command.kind === 'removed' && command.target === self) {
        this.#lock().apply(turn, { kind: 'left' });
      }
    });
    dispatcher.onNative(LOCK_TOPIC, async ({ from, payload }) => {
      await this.#lock().receive(from, decodeLockMessage(payload));
    });
    dispatcher.on('INTENT', {
      prepare: async () => undefined,
      decide: (turn, { author, relayed, message: { payload } }) => {
        const { initiator, intent_type: type, target } = payload;
        if (relayed || initiator !== author) {
          return 'refused';
        }
        if (type === CHANNEL_OPEN && isNodeId(target)) {
          this.#lock().apply(turn, { kind: 'original_intent', from: author, target });
        }
        return 'taken';
      },
    });
    dispatcher.on('INTENT_ABORT', {
      prepare: async () => undefined,
      decide: (turn, { author, relayed, message: { payload } }) => {
        const { initiator, intent_type: type, target } = payload;
        if (relayed || initiator !== author) {
          return 'refused';
        }
        if (type === CHANNEL_OPEN) {
          this.#lock().apply(turn, { kind: 'original_abort', from: author, target });
        }
        return 'taken';
      },
    });
  }

  standing() {
    const { membership, capabilities, self } = this.#hive;
    if (membership.view().hiveId === undefined) {
      return undefined;
    }
    const others = membership.others();
    const epoch = new Set(this.#lock().epochMembers);
    // Who is in the epoch took part, also where it has not been heard of since this start.
    const speaks = (node: NodeId): boolean =>
      epoch.has(node) || capabilities.has(node, 'cl-hive-grants-1');
    return {
      voting: membership.voting(),
      others,
      voters: membership.voting().filter((node) => node === self || speaks(node)),
      capable: others.filter(speaks),
    };
  }

  send(to: NodeId, message: Parameters<HivePort['send']>[1]): void {
    this.#hive.post.sendNative(to, LOCK_TOPIC, message as unknown as JsonValue);
  }

  announce(target: NodeId, to: readonly NodeId[]): void {
    const timestamp = this.#hive.time.wallSeconds();
    const fields = {
      intent_type: CHANNEL_OPEN,
      target,
      initiator: this.#hive.self,
      timestamp,
      expires_at: timestamp + INTENT_EXPIRES_SECONDS,
    };
    for (const member of to) {
      this.#hive.post.sendSigned(member, 'INTENT', fields);
    }
  }

  takeBack(target: NodeId, to: readonly NodeId[]): void {
    const fields = {
      intent_type: CHANNEL_OPEN,
      target,
      initiator: this.#hive.self,
      timestamp: this.#hive.time.wallSeconds(),
      reason: 'tie_breaker_loss',
    };
    for (const member of to) {
      this.#hive.post.sendSigned(member, 'INTENT_ABORT', fields);
    }
  }

  sign(text: string): Promise<string> {
    return this.#hive.ports.signer.sign(text);
  }

  verify(claim: Parameters<HivePort['verify']>[0]): boolean {
    try {
      return verifyEitherForm(claim.text, claim.signature, claim.signer);
    } catch (error) {
      this.#hive.ports.log('debug', `a signature could not be read: ${describeError(error)}`);
      return false;
    }
  }

  /** Who takes part, for people. */
  view(): JsonObject {
    const standing = this.standing();
    return {
      voters: [...(standing?.voters ?? [])],
      without_the_lock: (standing?.others ?? []).filter(
        (n) => standing?.capable.includes(n) !== true,
      ),
    };
  }
}
