import { type Intent, type Order, orderCommand } from '@cl-hive/comms';
import type { Msat } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { AlertOffice, type OperatorMessage } from './alert-office.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function office() {
  const told: OperatorMessage[] = [];
  const state = { now: 0, works: true };
  const subject = new AlertOffice(
    () => state.now,
    () => {},
  );
  subject.add({
    id: 'sink',
    on: () => true,
    tell: async (message) => {
      if (!state.works) {
        throw new Error('down');
      }
      told.push(message);
    },
  });
  return { subject, told, state };
}

describe('AlertOffice', () => {
  it('tells what is grave at once, the same once, and the rest in a digest', async () => {
    const { subject, told, state } = office();
    subject.raise({ key: 'a', level: 'critical', text: 'fire' });
    subject.raise({ key: 'a', level: 'critical', text: 'fire' });
    subject.raise({ key: 'b', level: 'info', text: 'calm' });
    await turn();
    expect(told.map(({ text }) => text)).toEqual(['critical: fire']);
    state.now = 86_400_000;
    await subject.tick();
    await turn();
    expect(told.at(-1)).toMatchObject({ type: 'digest' });
    expect(told.at(-1)?.text).toContain('info: calm');
  });

  it('keeps what a sink did not take, in order, up to a number', async () => {
    const { subject, told, state } = office();
    state.works = false;
    for (let seq = 1; seq <= 150; seq += 1) {
      subject.head(seq, 'ab');
    }
    await turn();
    expect(told).toEqual([]);
    expect(subject.view()).toMatchObject({
      sinks: [{ id: 'sink', told: 0, waiting: 100, dropped: 50, problem: 'down' }],
    });
    state.works = true;
    await subject.tick();
    expect(told.map(({ data }) => data['seq'])).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 51),
    );
  });

  it('tells at once of a payment without effect, and who is stopped by it', async () => {
    const { subject, told } = office();
    const order: Order = {
      method: 'l402',
      purpose: 'service',
      amountMsat: 1000n as Msat,
      feeMsat: 0n as Msat,
      payee: 'shop.example',
      reference: undefined,
      peers: [],
      detail: {},
    };
    const intent = { id: 7, danger: 6, command: orderCommand(order), state: 'executed' };
    const paid = { ...intent, outcome: { outcome: 'executed', result: {} } } as unknown as Intent;
    subject.recorded(paid);
    await turn();
    expect(told.filter(({ text }) => text.startsWith('critical'))).toEqual([]);
    const outcome = { outcome: 'executed', code: 'paid_no_effect', message: 'it answers 500' };
    subject.recorded({ ...paid, outcome } as unknown as Intent);
    await turn();
    expect(told.at(-1)?.text).toMatch(/^critical: request 7 .* it answers 500.*action=resume/);
  });
});
