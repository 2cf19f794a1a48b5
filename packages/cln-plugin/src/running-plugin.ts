/** A plugin at work. */
export interface RunningPlugin {
  /** Resolves with the exit status when the plugin has stopped. */
  readonly stopped: Promise<number>;
  /** Begins the orderly stop. */
  readonly stop: (reason: string) => void;
}
