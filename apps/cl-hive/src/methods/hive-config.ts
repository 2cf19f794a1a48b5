import { method } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import type { Hive } from '../hive.ts';
import { configView } from '../views/config-view.ts';

/** `hive-config`: what is set, under the original's names; `more` are the parts of others. */
export const config = (hive: () => Hive, more: () => JsonObject = () => ({})) =>
  method({
    description: 'The settings of the hive, under the original’s names',
    handle: () => ({ ...configView(hive()), ...more() }),
  });
