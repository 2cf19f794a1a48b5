export type { Configuration } from './configuration.ts';
export {
  type MethodCall,
  type None,
  type NotificationCall,
  type Notify,
  type PluginContext,
  type RequestCall,
  type Topic,
  type Topics,
  topic,
} from './context.ts';
export type { FeaturePlace, InitAnswer, Manifest } from './definition.ts';
export {
  CODED_ERROR,
  type DefinitionCode,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  MethodError,
  NOT_READY,
  STOPPING,
  UNKNOWN_METHOD,
} from './errors.ts';
export type { HtlcFailurePolicy } from './hooks/fallback.ts';
export { type HookAnswer, type HookName, type HookSpec, hook } from './hooks/hook.ts';
export type { PluginIo } from './io.ts';
export { type Logger, type LogLevel, logLevel } from './log.ts';
export { type MethodHandler, type MethodSpec, method } from './method.ts';
export { option } from './options/builders.ts';
export type { Deprecation, Option, Options, OptionValues } from './options/option.ts';
export { p } from './params/p.ts';
export type { Param, Params, ParamValues, Presence } from './params/param.ts';
export { definePlugin, type NativeTopic, Plugin, type PluginSettings } from './plugin.ts';
export { systemClock } from './process-io.ts';
export type { RunningPlugin } from './running-plugin.ts';
export type { SubscriptionSettings } from './subscription.ts';
