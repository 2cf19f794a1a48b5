import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { JsonValue } from '@cl-hive/core';
import { PLUGINS } from '@cl-hive/readiness';
import { LOG_BYTES_MAX, LOG_LINES_QUOTED } from '../limits.ts';
import { type Collector, NoEvidence } from './collector.ts';

const LINE =
  /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)\s+(TRACE|DEBUG|INFO|UNUSUAL|\*\*BROKEN\*\*|BROKEN)\s+(.*)$/;
const OURS = new RegExp(`plugin-(?:${PLUGINS.join('|')})(?:\\.js)?:`);

/** What a lightningd log says of the plugins. */
export interface LogReading {
  readonly from: number;
  readonly to: number;
  readonly lines: number;
  readonly broken: readonly string[];
  readonly broken_count: number;
  readonly died: number;
}

/** Reads lightningd's log format line by line. */
export async function readLog(lines: AsyncIterable<string>): Promise<LogReading> {
  let [from, to, count, brokenCount, died] = [0, 0, 0, 0, 0];
  const broken: string[] = [];
  for await (const line of lines) {
    const [, time, level = '', text = ''] = LINE.exec(line) ?? [];
    if (time === undefined) {
      continue;
    }
    const at = Date.parse(time);
    from = count === 0 ? at : Math.min(from, at);
    to = Math.max(to, at);
    count += 1;
    if (OURS.test(text) && level.includes('BROKEN')) {
      brokenCount += 1;
      if (broken.length < LOG_LINES_QUOTED) {
        broken.push(text.slice(0, 300));
      }
    }
    died += OURS.test(text) && /Killing plugin|exited (?:before|during|after)/.test(text) ? 1 : 0;
  }
  return { from, to, lines: count, broken, broken_count: brokenCount, died };
}

/** Logs of nodes that run the release. */
export const nodeLogs: Collector = {
  id: 'node-logs',
  title: "reads lightningd's logs that were handed in (--node-log NAME=FILE)",
  collect: async ({ nodeLogs }) => {
    if (nodeLogs.length === 0) {
      throw new NoEvidence(
        'no log of a node was handed in',
        "hand in the nodes' logs: --node-log NAME=/path/to/log",
      );
    }
    const nodes: JsonValue[] = [];
    for (const { name, file } of nodeLogs) {
      const stat = statSync(file, { throwIfNoEntry: false });
      if (!stat?.isFile() || stat.size > LOG_BYTES_MAX) {
        throw new NoEvidence(`${file} is no log that can be read`, '--node-log NAME=FILE');
      }
      const input = createReadStream(file, 'utf8');
      const reading = await readLog(
        createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }),
      );
      nodes.push({ name, ...reading, broken: [...reading.broken] });
    }
    return { nodes };
  },
};
