import type { JsonObject } from '@cl-hive/core';
import { type Chain, type Version, versionAt } from './chain.ts';

/** Which version is wanted; the newest by default. */
export interface VersionChoice {
  /** From 1; a later one than there is gives the newest. */
  readonly sequence?: number;
  /** Unix ms. */
  readonly timeMs?: number;
  /** Only versions that the DID's registry confirmed. */
  readonly confirmed?: boolean;
}

/** The version that is wanted. */
export function chooseVersion(chain: Chain, choice: VersionChoice = {}): Version {
  const { sequence = Number.POSITIVE_INFINITY, timeMs = Number.POSITIVE_INFINITY } = choice;
  const until = versionAt(chain, timeMs, choice.confirmed);
  return chain.versions[Math.max(1, Math.min(sequence, until.sequence)) - 1] ?? chain.versions[0];
}

/** To the second, as Archon writes times of versions. */
function toSecond(time: string): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * The resolution result of a version with the members and values that Archon's Gatekeeper gives, but for
 * `didResolutionMetadata` (its time of answering) and block timestamps of registries.
 */
export function resolutionOf(chain: Chain, version: Version): JsonObject {
  const changed =
    version.sequence === 1
      ? {}
      : { [version.deactivated ? 'deleted' : 'updated']: toSecond(version.time) };
  return {
    didDocument: version.document,
    didDocumentMetadata: {
      ...(version.deactivated ? { deactivated: true } : {}),
      created: toSecond(chain.created),
      ...changed,
      versionId: version.id,
      versionSequence: String(version.sequence),
      confirmed: version.confirmed,
    },
    didDocumentData: version.data,
    didDocumentRegistration: version.registration,
  };
}
