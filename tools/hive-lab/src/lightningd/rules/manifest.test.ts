import type { JsonValue } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOOKS } from '../data/hooks.ts';
import { judgeHookReply } from './hook-reply.ts';
import { type ManifestContext, readManifest } from './manifest.ts';

const CONTEXT: ManifestContext = {
  path: '/p.js',
  startup: true,
  optionTaken: (name) => name === 'taken',
  methodOwner: (name) => (name === 'getinfo' ? 'core' : undefined),
  hasFeature: () => false,
};

const FIELDS = [
  'options',
  'rpcmethods',
  'subscriptions',
  'hooks',
  'featurebits',
  'notifications',
  'custommessages',
  'nonnumericids',
  'cancheck',
  'dynamic',
];

describe('readManifest', () => {
  it('judges any JSON without falling over', () => {
    const field = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.array(
        fc.dictionary(
          fc.constantFrom(
            'name',
            'usage',
            'type',
            'description',
            'default',
            'method',
            'filters',
            'deprecated',
            'multi',
          ),
          fc.oneof(
            fc.constantFrom('x', 'int', 'bool', 'flag', 'getinfo', 'taken', 'custommsg', true),
            fc.jsonValue({ maxDepth: 1 }),
          ),
        ),
        { maxLength: 3 },
      ),
    );
    const manifest = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...FIELDS), field));
    fc.assert(
      fc.property(manifest, (value) => {
        const { kind } = readManifest(value as JsonValue, '', CONTEXT);
        expect(['accepted', 'disabled', 'refused', 'fatal']).toContain(kind);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads everything that a manifest may say', () => {
    const outcome = readManifest(
      {
        dynamic: false,
        cancheck: true,
        nonnumericids: true,
        featurebits: { node: '02', init: '' },
        custommessages: [1, 65535],
        notifications: [{ method: 'mine' }],
        options: [
          {
            name: 'o',
            type: 'int',
            default: -1,
            description: 'd',
            deprecated: ['v25.12', 'v26.12'],
          },
        ],
        rpcmethods: [{ name: 'm', usage: 'a [b]', deprecated: true, description: 'ignored' }],
        subscriptions: ['*'],
        hooks: ['recover', { name: 'custommsg', before: ['a'], after: ['b'], filters: [7] }],
        unknown: 1,
      },
      '',
      CONTEXT,
    );
    expect(outcome).toEqual({
      kind: 'accepted',
      manifest: {
        dynamic: false,
        canCheck: true,
        featureBits: { node: '02' },
        customMessages: [1, 65535],
        topics: ['mine'],
        options: [
          {
            name: 'o',
            type: 'int',
            multi: false,
            dynamic: false,
            default: '-1',
            deprecated: { start: 'v25.12', end: 'v26.12' },
          },
        ],
        methods: [{ name: 'm', usage: 'a [b]', deprecated: { start: 'v26.06' } }],
        subscriptions: ['*'],
        hooks: [
          { name: 'recover', before: [], after: [], filters: undefined },
          { name: 'custommsg', before: ['a'], after: ['b'], filters: [7] },
        ],
      },
    });
  });

  it.each([
    [{ deprecated: 'v26.06' }, '"deprecated" must be an array of 1 or 2 elements, not "v26.06"'],
    [{ deprecated: ['26'] }, 'invalid "deprecated" start version 26'],
    [{ deprecated: ['v26.06', 'x'] }, 'invalid "deprecated" end version x'],
  ])('refuses a method with %j', (more, reason) => {
    const manifest = { options: [], rpcmethods: [{ name: 'm', usage: '', ...more }] };
    expect(readManifest(manifest, '', CONTEXT)).toEqual({ kind: 'refused', reason });
  });
});

it('any reply to any hook is judged without falling over', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.entries(HOOKS)),
      fc.jsonValue(),
      ([hook, rule], reply) => {
        expect(['next', 'stop', 'abort']).toContain(
          judgeHookReply(hook, rule, reply as JsonValue).kind,
        );
      },
    ),
  );
});
