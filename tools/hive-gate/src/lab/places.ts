import { type FleetBackend, findBinaries, labBackend, realBackend } from '@cl-hive/hive-lab';
import type { Setting } from '../setting.ts';

/** A place to run plugins on. */
export interface Place {
  readonly name: string;
  readonly backend: FleetBackend;
  /** The real lightning-cli, where the place has one. */
  readonly lightningCli?: string;
}

/** hive-lab, and a real lightningd where its programs are on the PATH. */
export function placesOf({ searchPath }: Pick<Setting, 'searchPath'>): readonly Place[] {
  const lab: Place = { name: 'hive-lab', backend: labBackend() };
  const found = findBinaries(searchPath);
  if (found.kind !== 'found') {
    return [lab];
  }
  const { paths } = found;
  const backend = realBackend({ searchPath });
  return [lab, { name: 'real lightningd', backend, lightningCli: paths['lightning-cli'] }];
}
