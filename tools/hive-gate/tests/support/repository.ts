import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const GIT = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** A small repository with registers of gates, in a temporary folder. */
export class Repository {
  readonly root = mkdtempSync(path.join(tmpdir(), 'hive-gate-'));

  constructor(gates: string) {
    this.write('docs/gates/gates.yaml', gates);
    this.write('docs/gates/defects.yaml', 'version: 1\ndefects: []\n');
    this.write('docs/gates/incidents.yaml', 'version: 1\nsince: 2026-01-01\nincidents: []\n');
    this.write('docs/gates/audit-findings.yaml', 'version: 1\nfindings: []\n');
    this.write('package.json', '{"version":"1.0.0"}');
    this.git('init', '-q');
    this.commit();
  }

  write(file: string, text: string): string {
    const full = path.join(this.root, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  }

  git(...words: readonly string[]): string {
    return execFileSync('git', words, {
      cwd: this.root,
      encoding: 'utf8',
      env: { ...process.env, ...GIT },
    }).trim();
  }

  commit(): string {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', 'x');
    return this.git('rev-parse', 'HEAD');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
