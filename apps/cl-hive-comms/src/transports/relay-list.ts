import { isCodedError } from '@cl-hive/core';
import { NOSTR_LIMITS, ownRelayUrl } from '@cl-hive/nostr-transport';

/** What the operator said of a relay by command: it holds beside the option, and outlives restarts. */
export interface StoredRelay {
  readonly url: string;
  readonly state: 'added' | 'removed';
}

/** A relay in use, and who named it. */
export interface ListedRelay {
  readonly url: string;
  readonly from: 'option' | 'command';
}

/** A value that is not used, with what to do about it. */
export interface OptionProblem {
  readonly option: string;
  /** Left out where it may hold a secret. */
  readonly value?: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** The relays that are used, those that were taken out, and values that are of no use. */
export interface RelayList {
  readonly relays: readonly ListedRelay[];
  readonly removed: readonly string[];
  readonly problems: readonly OptionProblem[];
}

const OPTION = 'hive-comms-nostr-relays';

/** Longest value that is repeated to the operator, in characters. */
const SHOWN_MAX = 200;

/**
 * The relays of the option with what was added and taken out since, at most as many as one event goes
 * to. A bad value costs only itself.
 */
export function relayList(option: readonly string[], stored: readonly StoredRelay[]): RelayList {
  const problems: OptionProblem[] = [];
  const removed = new Set(stored.filter(({ state }) => state === 'removed').map(({ url }) => url));
  const found = new Map<string, ListedRelay>();
  for (const text of option) {
    const url = readOption(text, problems);
    if (url !== undefined && !removed.has(url)) {
      found.set(url, { url, from: 'option' });
    }
  }
  for (const { url, state } of stored) {
    if (state === 'added' && !found.has(url)) {
      found.set(url, { url, from: 'command' });
    }
  }
  const most = NOSTR_LIMITS.relaysPerEvent;
  const all = [...found.values()];
  for (const { url } of all.slice(most)) {
    problems.push({
      option: OPTION,
      value: url,
      code: 'relays_too_many',
      message: `${all.length} relays are more than the ${most} that are used; this one is not`,
      remedy: `name at most ${most} in ${OPTION}`,
    });
  }
  return { relays: all.slice(0, most), removed: [...removed], problems };
}

function readOption(text: string, problems: OptionProblem[]): string | undefined {
  try {
    return ownRelayUrl(text);
  } catch (error) {
    if (!isCodedError(error)) {
      throw error;
    }
    const { code, message, remedy = '' } = error;
    problems.push({ option: OPTION, value: shown(text), code, message, remedy });
    return undefined;
  }
}

/** An address may carry a user name and password by mistake. */
function shown(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//...@').slice(0, SHOWN_MAX);
}
