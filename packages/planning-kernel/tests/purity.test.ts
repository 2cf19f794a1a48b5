import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.ts'),
);

/** What would make a plan depend on anything but its snapshot. */
const FORBIDDEN =
  /\bDate\b|\bMath\.random\b|\bperformance\b|\bprocess\b|\bsetTimeout\b|\basync\b|\bawait\b|\bPromise\b|localeCompare|\bIntl\b|toLocale|\bcrypto\b|from 'node:|\bMath\.(?:log|exp|pow|sqrt|sin|cos)/;

describe('the kernel', () => {
  it('has sources to look at', () => {
    expect(files.length).toBeGreaterThan(30);
  });

  it.each(files)('%s knows no clock, chance, locale or I/O', (file) => {
    const code = readFileSync(join(SOURCE, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(FORBIDDEN.exec(code)?.[0]).toBeUndefined();
  });
});
