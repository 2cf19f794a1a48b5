import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { CHECKS, type Check } from '@cl-hive/readiness';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineSubject } from '../src/builds.ts';
import { runChecks } from '../src/check-run.ts';
import { readConfig } from '../src/cli/common.ts';
import type { Setting } from '../src/setting.ts';
import { Repository } from './support/repository.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DIST = path.join(ROOT, 'dist');
const STATEMENTS = 'apps/cl-hive/fixtures/original-database.sql';
const NOW = Date.now();

let repository: Repository;
let setting: Setting;
beforeAll(() => {
  repository = new Repository(readFileSync(path.join(ROOT, 'docs/gates/gates.yaml'), 'utf8'));
  for (const folder of ['docs/gates', 'docs/runbooks']) {
    cpSync(path.join(ROOT, folder), path.join(repository.root, folder), { recursive: true });
  }
  cpSync(path.join(ROOT, STATEMENTS), repository.write(STATEMENTS, ''));
  const gates = path.join(repository.root, 'docs/gates');
  setting = {
    root: repository.root,
    dist: DIST,
    gates,
    runbooks: path.join(repository.root, 'docs/runbooks'),
    cache: undefined,
    config: readConfig(gates),
    subject: examineSubject(repository.commit(), DIST),
    now: () => NOW,
    tests: undefined,
    runTests: false,
    advisories: undefined,
    nodeLogs: [],
    searchPath: '',
    monolith: undefined,
  };
});
afterAll(() => repository.remove());

/** Outcomes of all checks that judge the evidence of these collectors. */
async function outcomes(
  collectors: readonly string[],
  change: Partial<Setting> = {},
): Promise<Readonly<Record<string, string>>> {
  const checks: readonly Check[] = CHECKS.filter(({ collector }) => collectors.includes(collector));
  const { lines } = await runChecks(checks, { ...setting, ...change }, () => undefined);
  return Object.fromEntries(
    lines.map(({ check, verdict }) => [
      check.id,
      verdict.outcome === 'pass' ? 'pass' : `${verdict.outcome}: ${verdict.evidence}`,
    ]),
  );
}

/** Changes a file of the repository for one test. */
async function withChanged(
  file: string,
  change: (text: string) => string,
  test: () => Promise<void>,
): Promise<void> {
  const full = path.join(repository.root, file);
  const before = readFileSync(full, 'utf8');
  writeFileSync(full, change(before));
  try {
    await test();
  } finally {
    writeFileSync(full, before);
  }
}

describe('on the built plugins', () => {
  it('an RPC method that nobody listed is found', async () => {
    await withChanged(
      'docs/gates/rpc-allowlist.yaml',
      (text) => text.replace('name: hive-open-channel\n', 'name: hive-open-chanel\n'),
      async () => {
        const { 'C-RPC': outcome } = await outcomes(['rpc-methods']);
        expect(outcome).toMatch(/^fail: .*hive-open-channel/);
      },
    );
  });

  it('a corrupted backup is found', async () => {
    const onBackup = (file: string): void => {
      const bytes = readFileSync(file);
      bytes.fill(0x55, bytes.length - 3_000, bytes.length - 2_000);
      writeFileSync(file, bytes);
    };
    const { 'B-RESTORE': outcome } = await outcomes(['restore-drill'], { onBackup });
    expect(outcome).toMatch(/^fail: cl-hive-comms: store_/);
  }, 120_000);

  it('RG-06: a backup that is copied back as it is lets requests of before in again, and that is found', async () => {
    const restoreWith = (backup: string, file: string): void => copyFileSync(backup, file);
    const { 'B-RESTORE': outcome } = await outcomes(['restore-drill'], { restoreWith });
    expect(outcome).toMatch(/^fail: 100 of 100 requests of before the restore were let in again/);
  }, 120_000);

  it('a file with the wrong mode is found', async () => {
    const dist = path.join(repository.root, 'out/dist');
    mkdirSync(dist, { recursive: true });
    for (const name of ['cl-hive-comms', 'cl-hive-archon', 'cl-hive']) {
      cpSync(path.join(DIST, name), path.join(dist, name), { recursive: true });
    }
    const folder = path.join(dist, 'cl-hive');
    writeFileSync(path.join(folder, 'helper'), '', { mode: 0o755 });
    const { 'C-MODES': outcome } = await outcomes(['file-modes'], { dist });
    expect(outcome).toMatch(/^fail: .*cl-hive\/helper is 0755/);
  }, 120_000);

  it('a runbook whose step is missing, and one that states what does not come, are found', async () => {
    await withChanged(
      'docs/runbooks/rollout-manual.md',
      (text) => text.replace('## 4. Start', '## 4. Begin'),
      async () => {
        expect(await outcomes(['runbook-rollout-manual'])).toEqual({
          'B-ROLLOUT-MANUAL': expect.stringMatching(/^fail: the step "Start" is missing/),
        });
      },
    );
    await withChanged(
      'docs/runbooks/rollout-manual.md',
      (text) => text.replace('inactive\nactive', 'inactive\nfailed'),
      async () => {
        expect(await outcomes(['runbook-rollout-manual'])).toEqual({
          'B-ROLLOUT-MANUAL': expect.stringMatching(/^fail: line \d+ \(Start\) answers otherwise/),
        });
      },
    );
  }, 120_000);

  it.each([
    ['rollback-container', 'docker stop cln\n', ''],
    ['rollout-container', 'docker exec cln node', 'docker exec clightning node'],
    ['rollout-container', 'docker exec cln lightning-cli getinfo', 'lightning-cli getinfo'],
    ['rollback-container', 'mv "$CONFIG.new" "$CONFIG"\n', ''],
  ])(
    'the page %s with another command is found: %j',
    async (name, find, put) => {
      const change = (text: string): string => text.replace(find, put);
      await withChanged(`docs/runbooks/${name}.md`, change, async () => {
        const [outcome] = Object.values(await outcomes([`runbook-${name}`]));
        expect(outcome).toMatch(/^fail: line \d+/);
      });
    },
    120_000,
  );

  it('the move from the original passes as it is', async () => {
    expect(await outcomes(['monolith'])).toEqual({ 'D-MONOLITH': 'pass' });
  }, 120_000);

  it("an original's file that was changed, and a page that does not lead back, are found", async () => {
    const onImported = (file: string): void => appendFileSync(file, 'x');
    const back = (text: string): string => text.replace('## Back', '## Forth');
    await withChanged('docs/runbooks/move-from-the-original.md', back, async () => {
      const { 'D-MONOLITH': outcome } = await outcomes(['monolith'], { onImported });
      expect(outcome).toMatch(/^fail: .*file was changed.*lacks the step "Back"/);
    });
  }, 120_000);

  it("a database that is another node's is not taken over, and that is found", async () => {
    const other = (text: string): string =>
      text.replaceAll(`02${'1'.padStart(64, '0')}`, `03${'1'.padStart(64, '0')}`);
    await withChanged(STATEMENTS, other, async () => {
      const { 'D-MONOLITH': outcome } = await outcomes(['monolith']);
      expect(outcome).toMatch(/^fail: .*this node is no member/);
    });
  }, 120_000);

  it('RG-07: a rollback that leaves an option behind does not start the node', async () => {
    await withChanged(
      'docs/runbooks/rollback-manual.md',
      (text) => text.replace('|^hive-" "$CONFIG" >', '" "$CONFIG" >'),
      async () => {
        const { 'B-ROLLBACK-MANUAL': outcome } = await outcomes(['runbook-rollback-manual']);
        expect(outcome).toMatch(/^fail: /);
      },
    );
  }, 120_000);
});
