import {
  type Alert,
  type AlertDesk,
  type AlertMessage,
  type AlertStep,
  alertLevel,
  DEFAULT_ALERT_RULES,
  type Intent,
  newAlertDesk,
  raiseAlert,
  tickAlerts,
} from '@cl-hive/comms';
import { describeError, type JsonObject } from '@cl-hive/core';

/** A way to tell the operator something. */
export interface AlertSink {
  readonly id: string;
  /** Whether it is set up at all. */
  readonly on: () => boolean;
  /** Resolves when it was taken; rejects when it may be tried again. */
  readonly tell: (message: OperatorMessage) => Promise<void>;
}

/** What the operator is told, for programs and for people. */
export interface OperatorMessage {
  readonly type: 'alert' | 'digest' | 'receipts_head';
  readonly text: string;
  readonly data: JsonObject;
}

/** Messages that wait for a sink that does not answer; older ones are dropped, and counted. */
const UNTOLD_MAX = 100;

interface Line {
  readonly sink: AlertSink;
  readonly untold: OperatorMessage[];
  told: number;
  dropped: number;
  problem: string | undefined;
  busy: boolean;
}

/** Tells the operator what matters: at once or in a digest, each thing once, over every sink. */
export class AlertOffice {
  readonly #guardMs: () => number;
  readonly #log: (message: string) => void;
  readonly #lines: Line[] = [];
  #desk: AlertDesk;

  /** `guardMs` is time that steps of the wall clock do not move. */
  constructor(guardMs: () => number, log: (message: string) => void) {
    this.#guardMs = guardMs;
    this.#log = log;
    this.#desk = newAlertDesk(guardMs());
  }

  /** Adds a way to tell. */
  add(sink: AlertSink): void {
    this.#lines.push({
      sink,
      untold: [],
      told: 0,
      dropped: 0,
      problem: undefined,
      busy: false,
    });
  }

  raise(alert: Alert): void {
    this.#take(raiseAlert(this.#desk, alert, DEFAULT_ALERT_RULES, this.#guardMs()));
  }

  /** Something waits for the operator's word. */
  waiting(intent: Intent, advisor: string): void {
    const { id, danger, command } = intent;
    const text = `${advisor} asks for ${command.schema} ${command.action} (danger ${danger}): hive-client-approve ${id} or hive-client-reject ${id}`;
    const level = alertLevel(Math.max(danger, WAITING_DANGER_MIN));
    this.raise({ key: `approval/${id}`, level, text });
  }

  /** An action came to its outcome. */
  recorded(intent: Intent): void {
    const { id, danger, command, state, outcome } = intent;
    const what = `${command.schema} ${command.action}`;
    if (state === 'unknown') {
      const text = `whether ${what} (request ${id}) happened is not known yet; the node is looking`;
      this.raise({ key: `unknown/${id}`, level: 'warning', text });
    } else if (outcome?.code === 'paid_no_effect') {
      const text = `request ${id} (${what}) was paid without effect: ${outcome.message ?? ''}; its payer is stopped until hive-client-payments action=resume`;
      this.raise({ key: `paid_no_effect/${id}`, level: 'critical', text });
    } else if (state === 'executed') {
      this.raise({ key: `executed/${what}`, level: alertLevel(danger), text: `${what} was done` });
    }
  }

  /** The newest receipt, to be kept outside the node. */
  head(seq: number, digest: string): void {
    const text = `receipts: ${seq} ${digest}`;
    this.#log(text);
    this.#post({ type: 'receipts_head', text, data: { seq, digest } });
  }

  /** Lets the digest out when it is due, and tries again what was not taken. */
  async tick(): Promise<void> {
    this.#take(tickAlerts(this.#desk, DEFAULT_ALERT_RULES, this.#guardMs()));
    await Promise.all(this.#lines.map((line) => this.#work(line)));
  }

  /** How telling fares. */
  view(): JsonObject {
    return {
      sinks: this.#on().map(({ sink, untold, told, dropped, problem }) => ({
        id: sink.id,
        told,
        waiting: untold.length,
        dropped,
        ...(problem === undefined ? {} : { problem }),
      })),
      waiting_for_digest: this.#desk.waiting.size,
    };
  }

  #on(): readonly Line[] {
    return this.#lines.filter(({ sink }) => sink.on());
  }

  #take(step: AlertStep): void {
    this.#desk = step.desk;
    for (const message of step.messages) {
      const told = operatorMessage(message);
      this.#log(told.text);
      this.#post(told);
    }
  }

  #post(message: OperatorMessage): void {
    for (const line of this.#on()) {
      if (line.untold.length >= UNTOLD_MAX) {
        line.untold.shift();
        line.dropped += 1;
      }
      line.untold.push(message);
      void this.#work(line);
    }
  }

  async #work(line: Line): Promise<void> {
    if (line.busy) {
      return;
    }
    line.busy = true;
    try {
      for (let next = line.untold[0]; next !== undefined; next = line.untold[0]) {
        await line.sink.tell(next);
        if (line.untold[0] === next) {
          line.untold.shift();
        }
        line.told += 1;
        line.problem = undefined;
      }
    } catch (error) {
      line.problem = describeError(error);
    } finally {
      line.busy = false;
    }
  }
}

/** What waits for a person is told at once, however mild it is. */
const WAITING_DANGER_MIN = 6;

function operatorMessage(message: AlertMessage): OperatorMessage {
  if (message.kind === 'alert') {
    const { key, level, text } = message.alert;
    return { type: 'alert', text: `${level}: ${text}`, data: { key, level, text } };
  }
  const { alerts, dropped } = message;
  const lines = alerts.map(({ alert, times }) => `${alert.level}: ${alert.text} (${times}x)`);
  const more = dropped === 0 ? [] : [`and ${dropped} more that found no room`];
  return {
    type: 'digest',
    text: ['digest', ...lines, ...more].join('\n'),
    data: { alerts: alerts.map(({ alert, times }) => ({ ...alert, times })), dropped },
  };
}
