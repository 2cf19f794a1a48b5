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
});
