import type { Alert } from '@cl-hive/comms';
import { describe, expect, it } from 'vitest';
import { type JobParts, managementJobs } from './management-jobs.ts';

const MIB = 1024 * 1024;

describe('the watch over the log of the database', () => {
  it('DB-12: tells the operator of one that outgrew its bound, with what to do', async () => {
    const raised: Alert[] = [];
    let logBytes = 64 * MIB;
    const parts = {
      store: { info: async () => ({ logBytes }) },
      office: { raise: (alert: Alert) => raised.push(alert) },
    } as unknown as JobParts;
    const job = managementJobs(parts).find(({ name }) => name.includes('log of the database'));
    await job?.run();
    expect(raised).toEqual([]);
    logBytes = 65 * MIB;
    await job?.run();
    expect(raised).toMatchObject([{ level: 'warning', text: expect.stringContaining('65 MiB') }]);
  });
});
