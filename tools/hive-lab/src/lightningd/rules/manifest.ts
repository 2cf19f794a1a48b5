import { isHex, isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';
import { HOOKS, isHook } from '../data/hooks.ts';
import { NATIVE_TOPICS } from '../data/native-topics.ts';
import { DEPRECATION_VERSION } from '../version.ts';
import { type Deprecation, versionNumber } from './deprecation.ts';
import { type ManifestOption, readOption } from './manifest-option.ts';

/** An RPC method that a plugin offers. */
export interface ManifestMethod {
  readonly name: string;
  readonly usage: string;
  readonly deprecated?: Deprecation;
}

/** A hook that a plugin wants to be called for. */
export interface ManifestHook {
  readonly name: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Only calls for one of these values; undefined for all calls. */
  readonly filters: readonly (string | number)[] | undefined;
}

/** What a plugin declared in its answer to `getmanifest`. */
export interface Manifest {
  readonly dynamic: boolean;
  readonly canCheck: boolean;
  readonly featureBits: Readonly<Record<string, string>>;
  readonly customMessages: readonly number[];
  readonly topics: readonly string[];
  readonly options: readonly ManifestOption[];
  readonly methods: readonly ManifestMethod[];
  readonly subscriptions: readonly string[];
  readonly hooks: readonly ManifestHook[];
}

/** What becomes of a plugin after its answer to `getmanifest`. */
export type ManifestOutcome =
  | { readonly kind: 'accepted'; readonly manifest: Manifest }
  | { readonly kind: 'disabled'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  /** lightningd itself ends. */
  | { readonly kind: 'fatal'; readonly reason: string; readonly how: 'exit' | 'segfault' };

/** What the node already has, for names that can be taken only once. */
export interface ManifestContext {
  readonly path: string;
  readonly startup: boolean;
  readonly optionTaken: (name: string) => boolean;
  /** Who serves a method: lightningd itself, a plugin (by path), or nobody. */
  readonly methodOwner: (name: string) => 'core' | { readonly path: string } | undefined;
  readonly hasFeature: (place: string, bits: string) => boolean;
}

/** Where features can be set (`featurebits` of a manifest). */
export const FEATURE_PLACES = [
  'init',
  'node',
  'channel',
  'invoice',
  'bolt12_offer',
  'bolt12_invreq',
  'bolt12_invoice',
  'channel_type',
] as const;

/** Thrown inside the reader; becomes the outcome. */
class Refusal extends Error {
  readonly outcome: ManifestOutcome;

  constructor(outcome: ManifestOutcome) {
    super('refused');
    this.outcome = outcome;
  }
}

function refuse(reason: string): never {
  throw new Refusal({ kind: 'refused', reason });
}

function fatal(how: 'exit' | 'segfault', reason: string): never {
  throw new Refusal({ kind: 'fatal', how, reason });
}

function flag(owner: string, source: JsonObject, name: string): boolean {
  const value = source[name];
  if (value === undefined) {
    return false;
  }
  return typeof value === 'boolean'
    ? value
    : refuse(`${owner}: invalid "${name}" field ${stringifyJson(value)}`);
}

function list(source: JsonObject, name: string): readonly JsonValue[] | undefined {
  const value = source[name];
  if (value === undefined) {
    return undefined;
  }
  return Array.isArray(value) ? value : refuse(`"result.${name}" is not an array`);
}

/** `deprecated` of an option or method: a boolean, or one or two versions. */
function deprecation(value: JsonValue | undefined): Deprecation | undefined {
  if (value === undefined || value === false) {
    return undefined;
  }
  if (value === true) {
    return { start: DEPRECATION_VERSION };
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > 2) {
    return refuse(`"deprecated" must be an array of 1 or 2 elements, not ${stringifyJson(value)}`);
  }
  const [start, end] = value.map(String);
  if (start === undefined || versionNumber(start) === undefined) {
    return refuse(`invalid "deprecated" start version ${start}`);
  }
  if (end === undefined) {
    return { start };
  }
  return versionNumber(end) === undefined
    ? refuse(`invalid "deprecated" end version ${end}`)
    : { start, end };
}

function featureBits(
  result: JsonObject,
  dynamic: boolean,
  context: ManifestContext,
): Readonly<Record<string, string>> {
  const declared = result['featurebits'];
  const bits: Record<string, string> = {};
  if (!isJsonObject(declared)) {
    return bits;
  }
  for (const place of FEATURE_PLACES) {
    const value = declared[place];
    if (value === undefined) {
      continue;
    }
    if (typeof value !== 'string' || !isHex(value)) {
      refuse(
        `Featurebits returned by plugin is not a valid hexadecimal string: ${stringifyJson(value)}`,
      );
    } else if (value !== '') {
      bits[place] = value;
    }
  }
  if (dynamic && Object.keys(bits).length > 0) {
    refuse(
      `Custom featurebits only allows for non-dynamic plugins: dynamic=1, featurebits=${stringifyJson(declared)}`,
    );
  }
  for (const [place, value] of Object.entries(bits)) {
    if (context.hasFeature(place, value)) {
      refuse('Custom featurebits already present');
    }
  }
  return bits;
}

function customMessages(result: JsonObject): readonly number[] {
  const declared = result['custommessages'];
  if (declared === undefined) {
    return [];
  }
  if (!Array.isArray(declared)) {
    return refuse(`custommessages must be array, not '${stringifyJson(declared)}'`);
  }
  return declared.map((type: JsonValue, i) =>
    typeof type === 'number' && Number.isInteger(type) && type >= 0 && type <= 0xffff
      ? type
      : refuse(`custommessages ${i} not a u16: '${stringifyJson(type)}'`),
  );
}

function topics(result: JsonObject): readonly string[] {
  return (list(result, 'notifications') ?? []).map((entry, i) => {
    if (!isJsonObject(entry)) {
      return refuse(`"result.notifications[${i}]" is not an object`);
    }
    const method = entry['method'];
    if (typeof method !== 'string') {
      return refuse(`"result.notifications[${i}].name" missing or not a string.`);
    }
    return NATIVE_TOPICS.has(method)
      ? refuse(
          `plugin attempted to register a native notification topic "${method}", these may however only be sent by lightningd`,
        )
      : method;
  });
}

function options(result: JsonObject, context: ManifestContext): readonly ManifestOption[] {
  const declared = result['options'];
  if (declared === undefined) {
    return refuse('"result.options" was not found in the manifest');
  }
  const read: ManifestOption[] = [];
  for (const entry of list(result, 'options') ?? []) {
    const taken = (name: string): boolean =>
      context.optionTaken(name) || read.some((option) => option.name === name);
    const outcome = readOption(entry, taken);
    if (outcome.kind === 'taken' && context.startup) {
      fatal(
        'exit',
        `error starting plugin '${context.path}': option name '${outcome.name}' is already taken`,
      );
    }
    if (outcome.kind === 'taken') {
      refuse(`Option "${outcome.name}" already registered`);
    } else if (outcome.kind === 'refused') {
      refuse(outcome.reason);
    } else {
      const deprecated = deprecation(outcome.deprecated);
      read.push(deprecated === undefined ? outcome.option : { ...outcome.option, deprecated });
    }
  }
  return read;
}

function methods(result: JsonObject, context: ManifestContext): readonly ManifestMethod[] {
  if (result['rpcmethods'] === undefined) {
    return refuse('"result.rpcmethods" missing');
  }
  const read: ManifestMethod[] = [];
  for (const entry of list(result, 'rpcmethods') ?? []) {
    const method = isJsonObject(entry) ? entry : {};
    const { name, usage } = method;
    if (typeof name !== 'string') {
      return refuse(`rpcmethod does not have a string "name": ${stringifyJson(entry)}`);
    }
    if (usage === undefined) {
      return refuse('"usage" not provided by plugin');
    }
    if (typeof usage !== 'string') {
      return refuse(`"usage" is not a string: ${stringifyJson(entry)}`);
    }
    const deprecated = deprecation(method['deprecated']);
    const owner = read.some((other) => other.name === name)
      ? { path: context.path }
      : context.methodOwner(name);
    if (owner === 'core') {
      fatal('segfault', `plugin ${context.path} declares the core command ${name}`);
    } else if (owner !== undefined) {
      refuse(
        `Could not register method "${name}", a method with that name is already registered by plugin ${owner.path}`,
      );
    }
    read.push({ name, usage, ...(deprecated === undefined ? {} : { deprecated }) });
  }
  return read;
}

function subscriptions(result: JsonObject): readonly string[] {
  return (list(result, 'subscriptions') ?? []).map((topic, i) =>
    typeof topic === 'string'
      ? topic
      : refuse(`result.subscriptions[${i}] is not a string: '${stringifyJson(topic)}'`),
  );
}

function filters(name: string, value: JsonValue | undefined): ManifestHook['filters'] {
  const kind = HOOKS[name]?.filters;
  if (value === undefined) {
    return undefined;
  }
  if (kind === undefined) {
    return refuse(`Hook ${name} does not allow filters`);
  }
  if (!Array.isArray(value)) {
    return refuse('filters token must be an array');
  }
  return value.map((entry: JsonValue) => {
    const fits =
      kind === 'string'
        ? typeof entry === 'string'
        : typeof entry === 'number' && Number.isInteger(entry) && entry >= 0;
    if (fits && (typeof entry === 'string' || typeof entry === 'number')) {
      return entry;
    }
    const wanted = kind === 'string' ? 'strings' : 'unsigned integers';
    return refuse(`filters must be array of ${wanted}, not '${stringifyJson(entry)}'`);
  });
}

function names(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function hooks(result: JsonObject): readonly ManifestHook[] {
  const declared = result['hooks'];
  const read: ManifestHook[] = [];
  for (const entry of Array.isArray(declared) ? (declared as readonly JsonValue[]) : []) {
    const hook = isJsonObject(entry) ? entry : { name: entry };
    const declaredName = hook['name'];
    if (declaredName === undefined) {
      return refuse(`no name in hook obj ${stringifyJson(entry)}`);
    }
    const name = typeof declaredName === 'string' ? declaredName : stringifyJson(declaredName);
    if (!isHook(name)) {
      return refuse(`Unknown hook name ${name}`);
    }
    const only = filters(name, hook['filters']);
    if (read.some((other) => other.name === name)) {
      return refuse(`Registered for hook ${name} multiple times`);
    }
    read.push({ name, before: names(hook['before']), after: names(hook['after']), filters: only });
  }
  return read;
}

function read(result: JsonObject, context: ManifestContext): Manifest {
  const dynamic = flag('getmanifest', result, 'dynamic');
  const bits = featureBits(result, dynamic, context);
  const messages = customMessages(result);
  const nonNumeric = result['nonnumericids'];
  if (nonNumeric !== undefined && typeof nonNumeric !== 'boolean') {
    refuse(`Invalid nonnumericids: ${stringifyJson(nonNumeric)}`);
  }
  if (nonNumeric === false) {
    refuse('Plugin does not allow nonnumericids');
  }
  const canCheck = result['cancheck'] ?? false;
  if (typeof canCheck !== 'boolean') {
    return refuse(`Invalid cancheck: ${stringifyJson(canCheck)}`);
  }
  return {
    dynamic,
    canCheck,
    featureBits: bits,
    customMessages: messages,
    topics: topics(result),
    options: options(result, context),
    methods: methods(result, context),
    subscriptions: subscriptions(result),
    hooks: hooks(result),
  };
}

/**
 * Judges a plugin's answer to `getmanifest` as lightningd does, in its order: the first thing that
 * is wrong decides. `result` is undefined when the answer had none.
 */
export function readManifest(
  result: JsonValue | undefined,
  answer: string,
  context: ManifestContext,
): ManifestOutcome {
  if (!isJsonObject(result)) {
    return { kind: 'refused', reason: `Invalid/missing result tok in '${answer}'` };
  }
  const disable = result['disable'];
  if (disable !== undefined) {
    return {
      kind: 'disabled',
      reason: typeof disable === 'string' ? disable : stringifyJson(disable),
    };
  }
  try {
    return { kind: 'accepted', manifest: read(result, context) };
  } catch (error) {
    if (error instanceof Refusal) {
      return error.outcome;
    }
    throw error;
  }
}
