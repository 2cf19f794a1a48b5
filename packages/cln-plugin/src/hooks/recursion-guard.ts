import { isJsonObject } from '@cl-hive/core';
import { HOOK_IDS_REMEMBERED } from '../limits.ts';

/**
 * Tells hook calls that our own hook handler caused. RPC calls made within a hook call carry its id
 * as prefix of theirs; `rpc_command` for such a call would ask the same handler again, and again.
 */
export class RecursionGuard {
  /** Ids of hook calls under way and of the latest that ended: work may outlive its call. */
  readonly #ids = new Set<string>();

  /** Notes a hook call that is about to be handled. */
  enter(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size > HOOK_IDS_REMEMBERED) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) {
        this.#ids.delete(oldest);
      }
    }
  }

  /** Whether the hook call `id` with `payload` goes back to a call that a handler of ours made. */
  causedByUs(id: string, payload: unknown): boolean {
    const inner = isJsonObject(payload) ? payload['rpc_command'] : undefined;
    const request = isJsonObject(inner) ? inner['id'] : undefined;
    return [id, request].some((chain) => typeof chain === 'string' && this.#descends(chain));
  }

  #descends(chain: string): boolean {
    let slash = chain.indexOf('/');
    while (slash !== -1) {
      if (this.#ids.has(chain.slice(0, slash))) {
        return true;
      }
      slash = chain.indexOf('/', slash + 1);
    }
    return false;
  }
}
