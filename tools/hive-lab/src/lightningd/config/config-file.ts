import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ConfigVar } from './config-vars.ts';

const COMMENTED = '# setconfig commented out (see config.setconfig): ';
const HEADER =
  '# Created and update by setconfig, but you can edit this manually when node is stopped.';

/** What went wrong with a configuration file that changed while the node ran. */
export type FileFault = string;

/** A node's configuration file `config` and the `config.setconfig` that it includes. */
export class ConfigFile {
  readonly #config: string;
  readonly #setconfig: string;

  constructor(lightningDir: string) {
    this.#config = join(lightningDir, 'config');
    this.#setconfig = join(lightningDir, 'config.setconfig');
  }

  /** All settings in the files, in their order. */
  load(): readonly ConfigVar[] {
    return existsSync(this.#config) ? readFile(this.#config) : [];
  }

  /** Whether the lines that these settings came from still stand where they stood. */
  fault(variables: readonly ConfigVar[]): FileFault | undefined {
    for (const { source } of variables) {
      if (source.kind !== 'file') {
        continue;
      }
      const line = linesOf(source.file)[source.line - 1];
      if (line === undefined) {
        return `Configfile ${source.file} no longer has ${source.line} lines!`;
      }
      if (line !== source.text) {
        return `Configfile ${source.file} line ${source.line} changed from ${source.text} to ${line}!`;
      }
    }
    return undefined;
  }

  /** Puts one line in the place of what set the option before; returns the new setting. */
  replace(
    name: string,
    value: string | undefined,
    old: ConfigVar | undefined,
    now: Date,
  ): ConfigVar {
    const text = value === undefined ? name : `${name}=${value}`;
    if (old?.source.kind === 'file') {
      if (old.source.file === this.#setconfig) {
        rewrite(old.source.file, old.source.line, text);
        return { name, value, source: { ...old.source, text } };
      }
      this.comment(old);
    }
    return this.append(name, value, now);
  }

  /** Makes a file's setting a comment; settings from elsewhere are left alone. */
  comment(old: ConfigVar): void {
    if (old.source.kind === 'file') {
      rewrite(old.source.file, old.source.line, COMMENTED + old.source.text);
    }
  }

  append(name: string, value: string | undefined, now: Date): ConfigVar {
    if (!existsSync(this.#setconfig)) {
      appendLine(this.#config, `# Inserted by setconfig ${now.toUTCString()}`);
      appendLine(this.#config, 'include config.setconfig');
      appendLine(this.#setconfig, HEADER);
    }
    const text = value === undefined ? name : `${name}=${value}`;
    const line = appendLine(this.#setconfig, text);
    return { name, value, source: { kind: 'file', file: this.#setconfig, line, text } };
  }
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\n');
}

function readFile(file: string): readonly ConfigVar[] {
  return linesOf(file).flatMap((text, i): readonly ConfigVar[] => {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#')) {
      return [];
    }
    if (trimmed.startsWith('include ')) {
      return readFile(resolve(dirname(file), trimmed.slice('include '.length).trim()));
    }
    const at = text.indexOf('=');
    const source = { kind: 'file', file, line: i + 1, text } as const;
    return at === -1
      ? [{ name: text, value: undefined, source }]
      : [{ name: text.slice(0, at), value: text.slice(at + 1), source }];
  });
}

/** Appends a line and returns its number. */
function appendLine(file: string, line: string): number {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${gap}${line}\n`, { mode: 0o644 });
  return (before + gap).split('\n').length;
}

function rewrite(file: string, line: number, text: string): void {
  const lines = [...linesOf(file)];
  lines[line - 1] = text;
  const temporary = `${file}.setconfig.tmp`;
  writeFileSync(temporary, lines.join('\n'));
  renameSync(temporary, file);
}
