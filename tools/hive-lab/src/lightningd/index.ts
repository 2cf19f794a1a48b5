export type { GivenValue } from './config/config-vars.ts';
export { describeEnd, type NodeEnd } from './lifeline.ts';
export type { LogEntry } from './log-book.ts';
export type { LightningdSpec, NodePlugin, PluginView } from './node-spec.ts';
export { type Lightningd, type LightningdError, startLightningd } from './start-lightningd.ts';
export { VERSION } from './version.ts';
