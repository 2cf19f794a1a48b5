import type { Socket } from 'node:net';
import { CodedError, describeError, isCodedError, isJsonObject } from '@cl-hive/core';
import { type Frame, JsonFramer } from './framer.ts';
import { type OpenedList, openList } from './list-pieces.ts';
import { parseFrame } from './parse-frame.ts';
import type { PendingCall } from './pending-call.ts';
import { progressOf, settleWith } from './reply.ts';
import type { RpcFaultCode } from './rpc-error.ts';

/** What a connection tells its pool. */
export interface ConnectionEvents {
  /** It is over; `unsent` are the calls that never left, with the fault that stopped them. */
  readonly ended: (
    connection: Connection,
    unsent: readonly PendingCall[],
    fault: CodedError,
  ) => void;
}

const NOTHING = new Uint8Array(0);

/**
 * One connection to lightningd with any number of calls under way, matched by id. Calls given to
 * it before it is open are sent when it is.
 */
export class Connection {
  readonly #calls = new Map<string, PendingCall>();
  readonly #framer: JsonFramer;
  readonly #events: ConnectionEvents;
  #socket: Socket | undefined;
  #outgoing = '';
  #ended = false;
  readonly #forget = (call: PendingCall): void => {
    this.#calls.delete(call.id);
    if (this.#calls.size === 0) {
      this.#socket?.unref();
    }
  };

  constructor(opening: Promise<Socket>, maxBytes: number, events: ConnectionEvents) {
    this.#framer = new JsonFramer({ maxBytes });
    this.#events = events;
    opening.then(
      (socket) => this.#opened(socket),
      (error: unknown) => void this.end(error as CodedError),
    );
  }

  /** Calls under way. */
  get load(): number {
    return this.#calls.size;
  }

  /** Whether it is connected. */
  get open(): boolean {
    return this.#socket !== undefined && !this.#ended;
  }

  /** Takes a call. The connection keeps the process alive until it is settled. */
  carry(call: PendingCall): void {
    if (call.settled) {
      return;
    }
    if (this.#ended) {
      call.fault('rpc_closed', `${call.method}: the connection is closed`);
      return;
    }
    call.onSettled = this.#forget;
    if (this.#calls.size === 0) {
      this.#socket?.ref();
    }
    this.#calls.set(call.id, call);
    if (this.#socket !== undefined) {
      this.#send(call);
    }
  }

  /**
   * Ends the connection: what was sent fails with `fault`, what was not goes back to the pool.
   * Resolves when the socket is closed.
   */
  end(fault: CodedError): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      this.#settleAll(fault);
    }
    const socket = this.#socket;
    if (socket === undefined || socket.closed) {
      return Promise.resolve();
    }
    socket.destroy();
    return new Promise((done) => {
      socket.once('close', () => done());
    });
  }

  #settleAll(fault: CodedError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const unsent = calls.filter((call) => !call.sent);
    for (const call of calls) {
      call.onSettled = undefined;
      if (call.sent) {
        call.fault(fault.code as RpcFaultCode, `${call.method}: ${fault.message}`, {
          cause: fault,
          ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }),
        });
      }
    }
    this.#events.ended(this, unsent, fault);
  }

  #opened(socket: Socket): void {
    if (this.#ended) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    let reason = 'lightningd closed the connection';
    socket.on('data', (chunk: Uint8Array) => this.#received(chunk));
    socket.on('error', (error) => {
      reason = `the connection broke: ${describeError(error)}`;
    });
    socket.on('close', () => {
      const when = this.#framer.partial ? 'in the middle of a reply' : 'before the reply';
      void this.end(
        new CodedError<RpcFaultCode>('rpc_closed', `${reason} ${when}`, {
          remedy: 'Find out whether the command took effect before trying it again.',
        }),
      );
    });
    for (const call of this.#calls.values()) {
      this.#send(call);
    }
    if (this.#calls.size === 0) {
      socket.unref();
    }
  }

  /** Sends what one turn of the event loop gathers in one write. */
  #send(call: PendingCall): void {
    call.sent = true;
    if (this.#outgoing === '') {
      process.nextTick(() => {
        const text = this.#outgoing;
        this.#outgoing = '';
        if (!this.#ended) {
          this.#socket?.write(text);
        }
      });
    }
    this.#outgoing += call.text;
  }

  #received(chunk: Uint8Array): void {
    try {
      for (const frame of this.#framer.push(chunk)) {
        const opened = this.#opensList(frame);
        this.#dispatch(opened?.reply ?? parseFrame(frame), opened);
      }
      if (this.#framer.fault !== undefined) {
        this.#framer.push(NOTHING);
      }
    } catch (error) {
      const large = isCodedError(error, 'frame_too_large');
      void this.end(
        new CodedError<RpcFaultCode>(
          large ? 'rpc_too_large' : 'rpc_bad_reply',
          large ? describeError(error) : `the reply is unreadable: ${describeError(error)}`,
          {
            cause: error,
            ...(large
              ? { remedy: 'Ask for less (filter, limit) or raise maxReplyBytes of the client.' }
              : {}),
          },
        ),
      );
    }
  }

  /** A long reply to a call that takes its list in pieces. */
  #opensList(frame: Frame): OpenedList | undefined {
    for (const { id, list } of this.#calls.values()) {
      const opened = list === undefined ? undefined : openList(frame, list.member);
      if (opened?.reply['id'] === id) {
        return opened;
      }
    }
    return undefined;
  }

  #dispatch(message: unknown, opened: OpenedList | undefined): void {
    if (!isJsonObject(message)) {
      return;
    }
    const id = message['id'];
    if (typeof id === 'string') {
      const call = this.#calls.get(id);
      if (call !== undefined) {
        settleWith(call, message, opened);
      }
      return;
    }
    const progress = progressOf(message['method'], message['params']);
    if (progress !== undefined) {
      this.#calls.get(progress.id)?.progress(progress.update);
    }
  }
}
