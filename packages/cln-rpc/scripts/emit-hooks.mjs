// Hooks: payload, answers as a union of what lightningd takes, and a check of answers.
import { decoderOf, pascal, strictRead, typeOf } from './emit.mjs';
import { HOOKS } from './hooks.mjs';

/** Declares payload, answers and check of one hook. */
export function emitHook(source, name, request, response) {
  const info = HOOKS[name];
  if (info === undefined) throw new Error(`${name}: not described in hooks.mjs`);
  const type = `${pascal(name)}Hook`;
  typeOf(
    source,
    request,
    type,
    'in',
    `Parameters of the hook \`${name}\`. Unanswered it holds up ${info.blocks}.`,
  );
  decoderOf(source, request, type, true);
  source.name('type', `${type}Reply`);
  source.name('value', `check${type}Reply`);
  if (info.replies === 'rpc_command') {
    source.extra.add(
      "import { checkRpcCommandHookReply, type RpcCommandHookReply } from '../rpc-command-reply.ts';",
    );
    source.body.push('export { checkRpcCommandHookReply, type RpcCommandHookReply };', '');
    return;
  }
  emitReplies(source, name, `${type}Reply`, info.replies, response);
}

function emitReplies(source, name, type, variants, response) {
  const memberOf = (key) => {
    const member = response.members.find((one) => one.name === key);
    if (member === undefined) throw new Error(`${name}: the schema has no ${key} in its answers`);
    return member;
  };
  const typed = (key) => typeOf(source, memberOf(key).shape, `${type}${pascal(key)}`, 'out', '');
  const union = variants.map(({ result, required = [], optional = [] }) => {
    const members = [
      `readonly result: '${result}'`,
      ...required.map((key) => `readonly ${key}: ${typed(key)}`),
      ...optional.map((key) => `readonly ${key}?: ${typed(key)}`),
    ];
    return `{ ${members.join('; ')} }`;
  });
  source.body.push(
    `/** What may be answered to the hook \`${name}\`. */`,
    `export type ${type} =\n  | ${union.join('\n  | ')};`,
    '',
    '/** Checks an answer before it is sent: lightningd aborts on a wrong one. Throws DecodeError. */',
    `export function check${type}(reply: unknown): ${type} {`,
    `  const from = ${source.read('readRecord')}(reply);`,
  );
  const results = [...new Set(variants.map(({ result }) => result))];
  source.read('readChoice');
  source.body.push(
    `  const result = readChoice(from['result'], 'result', [${results.map((r) => `'${r}'`).join(', ')}] as const);`,
  );
  for (const result of results) {
    const last = result === results.at(-1);
    const indent = last ? '  ' : '    ';
    if (!last) source.body.push(`  if (result === '${result}') {`);
    const own = variants.filter((variant) => variant.result === result);
    own.forEach((variant, i) => {
      const decisive = i < own.length - 1 ? variant.required[0] : undefined;
      if (decisive !== undefined)
        source.body.push(`${indent}if (from['${decisive}'] !== undefined) {`);
      emitVariant(source, type, variant, memberOf, decisive === undefined ? indent : `${indent}  `);
      if (decisive !== undefined) source.body.push(`${indent}}`);
    });
    if (!last) source.body.push('  }');
  }
  source.body.push('}', '');
}

function emitVariant(source, type, { result, required = [], optional = [] }, memberOf, indent) {
  const keys = ['result', ...required, ...optional].map((key) => `'${key}'`).join(', ');
  source.body.push(`${indent}${source.read('refuseOthers')}(from, [${keys}]);`);
  const fixed = [
    'result',
    ...required.map((key) => `${key}: ${strictRead(source, memberOf(key), `from['${key}']`)}`),
  ].join(', ');
  if (optional.length === 0) {
    source.body.push(`${indent}return { ${fixed} };`);
    return;
  }
  source.decodingTypes.add('Writable');
  source.body.push(
    `${indent}const to: Writable<Extract<${type}, { readonly result: '${result}' }>> = { ${fixed} };`,
  );
  for (const key of optional) {
    source.body.push(
      `${indent}if (from['${key}'] !== undefined) {`,
      `${indent}  to.${key} = ${strictRead(source, memberOf(key), `from['${key}']`)};`,
      `${indent}}`,
    );
  }
  source.body.push(`${indent}return to;`);
}

/** Declares the maps over all hooks. */
export function emitHookMaps(source, names) {
  for (const type of ['HookPayloads', 'HookReplies', 'HookName', 'HookInfo'])
    source.name('type', type);
  for (const value of ['HOOK_DECODERS', 'HOOK_REPLY_CHECKS', 'HOOKS']) source.name('value', value);
  const each = (line) => names.map((name) => line(name, `${pascal(name)}Hook`));
  source.body.push(
    '/** Parameters of each hook, by its name. */',
    'export interface HookPayloads {',
    ...each((name, type) => `  readonly ${name}: ${type};`),
    '}',
    '',
    '/** What may be answered to each hook. */',
    'export interface HookReplies {',
    ...each((name, type) => `  readonly ${name}: ${type}Reply;`),
    '}',
    '',
    '/** A hook of lightningd. */',
    'export type HookName = keyof HookPayloads;',
    '',
    '/** How a hook behaves. */',
    'export interface HookInfo {',
    '  /** What filters of the manifest hold; lightningd refuses filters on other hooks. */',
    "  readonly filters: 'method' | 'message_type' | undefined;",
    '  /**',
    '   * The answer that harms least when a handler fails: `continue`, `reject`, `continue` with the',
    '   * psbt received, or one that the author must choose.',
    '   */',
    "  readonly fallback: 'continue' | 'reject' | 'continue_with_psbt' | 'choose';",
    '}',
    '',
    '/** Decoder of the parameters of each hook. */',
    'export const HOOK_DECODERS: { readonly [H in HookName]: (params: unknown) => HookPayloads[H] } = {',
    ...each((name, type) => `  ${name}: decode${type},`),
    '};',
    '',
    '/** Check of an answer to each hook; lightningd aborts on an answer that these refuse. */',
    'export const HOOK_REPLY_CHECKS: { readonly [H in HookName]: (reply: unknown) => HookReplies[H] } = {',
    ...each((name, type) => `  ${name}: check${type}Reply,`),
    '};',
    '',
    '/** How each hook behaves. */',
    'export const HOOKS: Readonly<Record<HookName, HookInfo>> = {',
    ...each((name) => {
      const { filters, fallback } = HOOKS[name];
      return `  ${name}: { filters: ${filters === undefined ? 'undefined' : `'${filters}'`}, fallback: '${fallback}' },`;
    }),
    '};',
  );
}
