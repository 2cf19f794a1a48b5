import { existsSync } from 'node:fs';
import {
  array,
  CodedError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  object,
  optional,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { PLUGIN_NAMES } from '@cl-hive/hive-lab';
import { type Check, gathered, judgeAll, missing, subjectDigest } from '@cl-hive/readiness';
import type { CheckedLine } from '../check-run.ts';
import { readJunit } from '../collectors/junit.ts';
import { readJson, readText, writeWhole } from '../files.ts';
import { JUNIT_BYTES_MAX, SAMPLES_MAX } from '../limits.ts';
import type { Setting } from '../setting.ts';
import {
  fleetOf,
  forwardDays,
  pluginProcesses,
  startOf,
  surroundings,
  withNodeRpc,
} from './observe.ts';

const BASELINE_DAYS = 7;
const DAY_MS = 86_400_000;
const decodeListForwardsFee = object({
  fees_collected_msat: optional((input: unknown) => String(input)),
});

/** What a canary file holds; the rules decode it strictly. */
interface CanaryFile {
  readonly baseline: JsonObject;
  readonly begun?: number;
  readonly samples: readonly JsonValue[];
  readonly days: readonly JsonValue[];
  readonly tests?: JsonValue;
}

function readCanary(file: string): CanaryFile | undefined {
  if (!existsSync(file)) {
    return undefined;
  }
  const input = readJson(file, JUNIT_BYTES_MAX);
  if (!isJsonObject(input) || !isJsonObject(input['baseline'] ?? null)) {
    throw new CodedError('file_syntax', `${file} is no file of a canary`);
  }
  return input as unknown as CanaryFile;
}

/** Records how the node is before the canary: a week of forwards, memory, peers, gossip. */
export async function recordBaseline(
  file: string,
  rpcFile: string,
  now: number,
): Promise<JsonObject> {
  if (existsSync(file)) {
    throw new CodedError('file_syntax', `${file} exists: a baseline is not replaced`, {
      remedy: 'give another file, or move the old one away',
    });
  }
  const baseline = await withNodeRpc(rpcFile, async (rpc) => {
    const { peers, gossip_channels, lightningDir } = await surroundings(rpc);
    const { fees_collected_msat = '0' } = decodeListForwardsFee(await rpc.raw('getinfo'));
    return {
      days: (await forwardDays(rpc, now, BASELINE_DAYS)).map((day) => ({ ...day })),
      memory: pluginProcesses(lightningDir).map(({ name, resident }) => ({ name, resident })),
      memory_unit: 'kB',
      revenue_msat: fees_collected_msat,
      peers,
      gossip_channels,
      taken_at: now,
    };
  });
  writeWhole(file, `${stringifyJson({ baseline, samples: [], days: [] })}\n`);
  return baseline;
}

/** Adds one sample; the first begins the canary, and gives the memory of plugins that are new. */
export async function recordSample(
  file: string,
  rpcFile: string,
  about: { readonly now: number; readonly errors: readonly string[]; readonly tests?: string },
): Promise<void> {
  const canary = readCanary(file);
  if (canary === undefined) {
    throw new CodedError('file_missing', `there is no baseline ${file}`, {
      remedy: 'hive-gate baseline --node DIR --file FILE, before the plugins are installed',
    });
  }
  const { now } = about;
  const begun = canary.begun ?? now;
  const next = await withNodeRpc(rpcFile, async (rpc) => {
    const { peers, gossip_channels, lightningDir } = await surroundings(rpc);
    const processes = pluginProcesses(lightningDir);
    const fleet = fleetOf(await rpc.raw('hive-status').catch(() => null));
    const sample = {
      at: now,
      node_started: startOf(processes[0]?.parent ?? 0),
      plugins: processes.map(({ name, started, resident }) => ({ name, started, resident })),
      memory_unit: 'kB',
      errors: [...about.errors],
      peers,
      gossip_channels,
      ...(fleet === undefined ? {} : { fleet }),
    };
    const whole = Math.min(90, Math.floor((now - begun) / DAY_MS));
    const days = await forwardDays(rpc, begun + whole * DAY_MS, whole);
    return { sample, days: days.map((day) => ({ ...day })), processes };
  });
  const before = array(object({ name: text(100) }))(canary.baseline['memory']);
  const added = next.processes
    .filter(
      ({ name }) => PLUGIN_NAMES.includes(name) && !before.some((known) => known.name === name),
    )
    .map(({ name, resident }) => ({ name, resident }));
  const samples = [...canary.samples, next.sample].slice(-SAMPLES_MAX);
  const memory = [...(canary.baseline['memory'] as readonly JsonValue[]), ...added];
  const tests = about.tests === undefined ? canary.tests : testsOf(about.tests, now);
  const whole = {
    baseline: { ...canary.baseline, memory },
    begun,
    samples,
    days: next.days,
    ...(tests === undefined ? {} : { tests }),
  };
  writeWhole(file, `${stringifyJson(whole)}\n`);
}

function testsOf(file: string, at: number): JsonObject {
  const { passed, failed } = readJunit(readText(file, JUNIT_BYTES_MAX));
  return { passed, failed, at };
}

/** Judges a canary's file as it is now. */
export function judgeCanary(
  file: string,
  { now, config, subject }: Pick<Setting, 'now' | 'config' | 'subject'>,
  checks: readonly Check[],
): readonly CheckedLine[] {
  const about = { at: now(), of: subjectDigest(subject) };
  const canary = readCanary(file);
  const evidence =
    canary === undefined
      ? missing(`there is no ${file}`, 'hive-gate baseline, then hive-gate sample', about)
      : gathered(canary as unknown as JsonValue, about);
  const verdicts = judgeAll(checks, new Map([['canary', evidence]]), {
    now: now(),
    config,
    subject,
  });
  return checks.map((check, index) => ({
    check,
    verdict: verdicts[index] ?? { check: check.id, outcome: 'unknown' as const, evidence: '' },
    tookMs: 0,
  }));
}
