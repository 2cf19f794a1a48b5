import { readStatement } from '@cl-hive/archon';
import { type JsonObject } from '@cl-hive/core';
import { ShareKeeper } from './share-keeper.ts';
import { ShareOwner } from './share-owner.ts';
import type { ShareOfficeParts } from './share-parts.ts';

/** Shared keys: this node's own, and the shares that it keeps for others. */
export class ShareOffice {
  readonly own: ShareOwner;
  readonly kept: ShareKeeper;

  constructor(parts: ShareOfficeParts) {
    this.own = new ShareOwner(parts);
    this.kept = new ShareKeeper(parts);
  }

  /** Takes what another node's plugin sent. */
  async receive(topic: string, payload: unknown): Promise<JsonObject> {
    switch (topic) {
      case 'archon:share':
        return this.kept.take(readStatement('share', payload));
      case 'archon:share-answer':
        return this.own.takeAnswer(readStatement('share-answer', payload));
      case 'archon:share-request':
        return this.kept.takeRequest(readStatement('share-request', payload));
      case 'archon:share-cancel':
        return this.kept.takeCancel(readStatement('share-cancel', payload));
      case 'archon:share-release':
        return this.own.takeRelease(readStatement('share-release', payload));
      default:
        return {};
    }
  }
}
