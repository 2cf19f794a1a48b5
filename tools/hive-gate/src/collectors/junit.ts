import { CodedError } from '@cl-hive/core';

/** What a JUnit file says. */
export interface JunitResult {
  /** From `<property name="commit" value="…"/>`. */
  readonly commit: string | undefined;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
}

const TAG =
  /<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>/g;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

/** Counts the test cases of a JUnit file; its own totals are not believed. Throws CodedError `junit`. */
export function readJunit(xml: string): JunitResult {
  let commit: string | undefined;
  let [passed, skipped] = [0, 0];
  const failures: string[] = [];
  let test: { readonly name: string; outcome: 'passed' | 'failed' | 'skipped' } | undefined;
  let suites = 0;
  const end = (): void => {
    passed += test?.outcome === 'passed' ? 1 : 0;
    skipped += test?.outcome === 'skipped' ? 1 : 0;
    if (test?.outcome === 'failed') {
      failures.push(test.name);
    }
    test = undefined;
  };
  for (const [, closing, tag, attributeText = '', single] of xml.matchAll(TAG)) {
    const attributes = new Map(
      [...attributeText.matchAll(ATTRIBUTE)].map(([, name = '', a, b]) => [
        name,
        unescapeXml(a ?? b ?? ''),
      ]),
    );
    const opens = closing === '';
    if (tag === 'testsuite' || tag === 'testsuites') {
      suites += opens ? 1 : 0;
    } else if (tag === 'property' && opens && attributes.get('name') === 'commit') {
      commit = attributes.get('value');
    } else if (tag === 'testcase') {
      end();
      if (opens) {
        const name = [attributes.get('classname'), attributes.get('name')].filter(Boolean);
        test = { name: name.join(' '), outcome: 'passed' };
        if (single === '/') {
          end();
        }
      }
    } else if (test !== undefined && opens && (tag === 'failure' || tag === 'error')) {
      test.outcome = 'failed';
    } else if (test !== undefined && opens && tag === 'skipped') {
      test.outcome = 'skipped';
    }
  }
  if (suites === 0) {
    throw new CodedError('junit', 'this is no JUnit file: it has no test suite');
  }
  return { commit, passed, failed: failures.length, skipped, failures };
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_all, name: string) => ENTITIES[name] ?? '');
}
