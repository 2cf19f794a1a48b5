import type { Definition } from './definition.ts';
import type { PluginIo } from './io.ts';
import type { RunningPlugin } from './running-plugin.ts';
import { Session } from './session.ts';

/** Serves lightningd, or explains itself to a person who ran the file by hand. */
export function startPlugin(definition: Definition, io: PluginIo): RunningPlugin {
  if (io.underLightningd) {
    return new Session(definition, io);
  }
  const stopped = import('./by-hand.ts').then(async ({ explainByHand }) => {
    await explainByHand(definition, io);
    io.exit(0);
    return 0;
  });
  return { stopped, stop: () => undefined };
}
