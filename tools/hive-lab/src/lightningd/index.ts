export { describeEnd, type NodeEnd } from './lifeline.ts';
export type { LogEntry } from './log-book.ts';
export type { LightningdSpec, PluginView } from './node-spec.ts';
export { type Lightningd, startLightningd } from './start-lightningd.ts';
