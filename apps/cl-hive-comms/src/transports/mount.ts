import type { Plugin } from '@cl-hive/cln-plugin';
import { publishEvent } from '../registry/methods/hive-comms-publish-event.ts';
import { receive } from '../registry/methods/hive-comms-receive.ts';
import { registerHandler } from '../registry/methods/hive-comms-register-handler.ts';
import { registerTransport } from '../registry/methods/hive-comms-register-transport.ts';
import { send } from '../registry/methods/hive-comms-send.ts';
import { transports } from '../registry/methods/hive-comms-transports.ts';
import type { CommsTransports } from './comms-transports.ts';

/**
 * Adds the methods and notifications of the transports. `ready` throws while the plugin cannot work;
 * `running` is undefined then, and what comes in meanwhile is dropped.
 */
export function mountTransports(
  plugin: Plugin,
  ready: () => CommsTransports,
  running: () => CommsTransports | undefined,
): Plugin {
  return plugin
    .method('hive-comms-send', send(ready))
    .method('hive-comms-publish-event', publishEvent(ready))
    .method('hive-comms-register-handler', registerHandler(ready))
    .method('hive-comms-register-transport', registerTransport(ready))
    .method('hive-comms-receive', receive(ready))
    .method('hive-comms-transports', transports(ready))
    .on('custommsg', (notification) => running()?.custommsg(notification))
    .on('plugin_started', ({ methods }) => running()?.hub.siblings(methods, true))
    .on('plugin_stopped', ({ methods }) => running()?.hub.siblings(methods, false));
}
