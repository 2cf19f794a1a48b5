import type { JsonObject, JsonValue } from '@cl-hive/core';
import type { Definition, Manifest } from './definition.ts';
import type { AnyHook } from './hooks/hook.ts';
import type { AnyOption, Deprecation } from './options/option.ts';
import { usageOf } from './params/parse.ts';

/** The result of `getmanifest`. `shutdown` is always subscribed; `*` never doubles another topic. */
export function manifestOf(definition: Definition): Manifest {
  const disable = definition.unavailable();
  return {
    options: Object.entries(definition.options).map(([name, option]) => optionOf(name, option)),
    rpcmethods: [...definition.methods].map(([name, method]) => ({
      name,
      usage: usageOf(method.params),
      description: method.description,
      ...deprecation(method.deprecated),
    })),
    subscriptions: topicsOf(definition),
    hooks: [...definition.hooks].map(([name, hook]) => hookOf(name, hook)),
    notifications: [...definition.topics].map((method) => ({ method })),
    nonnumericids: true,
    cancheck: true,
    dynamic: definition.dynamic,
    ...(definition.featurebits === undefined ? {} : { featurebits: definition.featurebits }),
    ...(definition.custommessages.length === 0
      ? {}
      : { custommessages: definition.custommessages }),
    ...(disable === undefined ? {} : { disable }),
  };
}

function topicsOf(definition: Definition): readonly string[] {
  const named = [...definition.subscriptions.keys()];
  if (definition.anyTopic.length > 0) {
    return ['*', ...named.filter((topic) => topic === 'log')];
  }
  const deprecations = [...definition.methods.values()].some(
    (method) =>
      method.deprecated !== undefined ||
      Object.values(method.params).some((param) => param.deprecated),
  );
  return [...new Set([...named, 'shutdown', ...(deprecations ? ['deprecated_oneshot'] : [])])];
}

function optionOf(name: string, option: AnyOption): JsonObject {
  return {
    name,
    type: option.type,
    description: option.description,
    ...(option.fallback === undefined ? {} : { default: option.fallback }),
    ...(option.multi ? { multi: true } : {}),
    ...(option.dynamic ? { dynamic: true } : {}),
    ...deprecation(option.deprecated),
  };
}

function hookOf(name: string, hook: AnyHook): JsonValue {
  return {
    name,
    ...(hook.before.length === 0 ? {} : { before: hook.before }),
    ...(hook.after.length === 0 ? {} : { after: hook.after }),
    ...(hook.filters === undefined ? {} : { filters: hook.filters }),
  };
}

function deprecation(deprecated: Deprecation | undefined): JsonObject {
  return deprecated === undefined
    ? {}
    : {
        deprecated:
          deprecated === true ? true : deprecated.filter((version) => version !== undefined),
      };
}
