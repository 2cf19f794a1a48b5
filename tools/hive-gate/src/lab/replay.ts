import { createHmac } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import type { NodeUnderTest } from '@cl-hive/hive-lab';
import { readRequest, requestSigningText } from '@cl-hive/protocol';
import { plainText } from '../files.ts';
import { REPLAY_ADVISORS, REPLAY_ENVELOPES } from '../limits.ts';

/** An advisor with a token, as a program that knows only the protocol. */
interface Advisor {
  readonly name: string;
  readonly node: string;
  readonly token: Buffer;
}

/** What replaying came to. */
export interface Replayed {
  readonly sent: number;
  /** How many of them were executed when they were new. */
  readonly executed: number;
  /** What replaying them made on the node: it is counted there, not at the plugin. */
  readonly effects: number;
  /** How many of them were refused when they were sent again. */
  readonly refused: number;
  /** Answers to the replay, by their code, each with how often it came. */
  readonly answers: readonly string[];
  /** Whether a new request, signed for the new epoch, was executed: who refuses everything shows nothing. */
  readonly fresh: boolean;
}

/**
 * Requests whose effect everybody can count: each makes an invoice. Some are made before a backup and some
 * after it; once the backup is restored all of them are sent again, byte by byte.
 */
export class ReplayDrill {
  readonly #node: NodeUnderTest;
  readonly #advisors: readonly Advisor[];
  readonly #sent: JsonObject[] = [];
  #executed = 0;

  private constructor(node: NodeUnderTest, advisors: readonly Advisor[]) {
    this.#node = node;
    this.#advisors = advisors;
  }

  /** Authorizes the advisors; several, since each may ask only so often. */
  static async open(node: NodeUnderTest): Promise<ReplayDrill> {
    await node.call('hive-client-policy', { action: 'preset', preset: 'aggressive' });
    const settings = { actions_per_hour: 'unlimited', actions_per_day: 'unlimited' };
    await node.call('hive-client-policy', { action: 'set', settings });
    const advisors: Advisor[] = [];
    for (let index = 0; index < REPLAY_ADVISORS; index += 1) {
      const name = `drill-${index}`;
      const grant = { mode: 'act', actions: ['hive:payment/v1'] };
      const answer = await node.call('hive-client-authorize', { advisor: name, ...grant });
      const token = isJsonObject(answer['token']) ? plainText(answer['token']['secret']) : '';
      advisors.push({ name, node: plainText(answer['node']), token: Buffer.from(token, 'hex') });
    }
    return new ReplayDrill(node, advisors);
  }

  /** Sends half of the requests, each once. */
  async half(): Promise<void> {
    const until = this.#sent.length + REPLAY_ENVELOPES / 2;
    while (this.#sent.length < until) {
      const envelope = this.#envelope(this.#sent.length + 1, 0);
      this.#sent.push(envelope);
      const { outcome } = await this.#node.call('hive-comms-rpc', { envelope });
      this.#executed += outcome === 'executed' ? 1 : 0;
    }
  }

  /** Takes the invoices away, sends everything again and counts what came of it. */
  async again(): Promise<Replayed> {
    for (const { label, status } of await this.#invoices()) {
      await this.#node.call('delinvoice', { label: label ?? '', status: status ?? '' });
    }
    const answers = new Map<string, number>();
    let refused = 0;
    for (const envelope of this.#sent) {
      const { code, outcome } = await this.#node.call('hive-comms-rpc', { envelope });
      refused += outcome === 'refused' ? 1 : 0;
      const what = plainText(code ?? outcome);
      answers.set(what, (answers.get(what) ?? 0) + 1);
    }
    const effects = (await this.#invoices()).length;
    const { epoch } = await this.#node.call('hive-client-status');
    const next = this.#envelope(this.#sent.length + 1, Number(epoch));
    const fresh = await this.#node.call('hive-comms-rpc', { envelope: next });
    return {
      sent: this.#sent.length,
      executed: this.#executed,
      effects,
      refused,
      answers: [...answers].map(([what, times]) => `${what}: ${times}`),
      fresh: fresh['outcome'] === 'executed',
    };
  }

  async #invoices(): Promise<readonly JsonObject[]> {
    const { invoices } = await this.#node.call('listinvoices');
    return Array.isArray(invoices) ? (invoices as readonly JsonValue[]).filter(isJsonObject) : [];
  }

  #envelope(number: number, epoch: number): JsonObject {
    const advisor = this.#advisors[number % this.#advisors.length];
    if (advisor === undefined) {
      throw new Error('there is no advisor');
    }
    const request: JsonObject = {
      type: 'hive.management.request',
      version: 1,
      principal: advisor.name,
      node: advisor.node,
      epoch,
      nonce: number,
      timestamp: Math.floor(Date.now() / 1000),
      schema: 'hive:payment/v1',
      action: 'create_invoice',
      params: { amount_msat: 1000 + number, label: `drill-${number}`, description: '' },
    };
    const text = requestSigningText(readRequest(request));
    return {
      ...request,
      signature: createHmac('sha256', advisor.token).update(text).digest('hex'),
    };
  }
}
