import {
  type Advisor,
  type AdvisorBook,
  type AdvisorChange,
  type AdvisorKey,
  advisorId,
  changeAdvisors,
  checkGrant,
  endGrant,
  findAdvisor,
  GRANTS_PER_ADVISOR_MAX,
  type Grant,
  grantHolds,
  grantUses,
  loadAdvisors,
  loadGrants,
  nextGrant,
  saveAdvisor,
  saveGrant,
} from '@cl-hive/comms';
import { CodedError, type JsonObject, type UnixMs } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';
import type { NewToken, TokenVault } from '../store/token-vault.ts';
import { type AdminParts, administer } from './admin.ts';
import { advisorView } from './advisor-view.ts';

/** What an operator grants; ids and times of the store are added. */
export type GrantDraft = Omit<Grant, 'id' | 'advisor' | 'from'>;

/** Whom the operator authorizes, how it is proven, and to what. */
export interface Authorization {
  /** A new name, or how an advisor is called already. */
  readonly advisor: string;
  /** The key that proves it; `token` makes one; undefined for an advisor that has one. */
  readonly key: AdvisorKey | 'token' | undefined;
  readonly grant: GrantDraft;
  /** Lets grants of before stand beside this one; else they end. */
  readonly keepGrants: boolean;
  readonly trialUntil: UnixMs | undefined;
}

/** What an authorization came to. */
export interface Authorized {
  readonly view: JsonObject;
  /** Shown once. */
  readonly token: NewToken | undefined;
}

/** Changes of advisors and grants by the operator, each with its receipt. */
export class AdvisorAdmin {
  readonly #parts: AdminParts;
  readonly #tokens: TokenVault;
  #book: AdvisorBook | undefined;
  /** Counts changes, so that a book that was read before one is not kept after it. */
  #changes = 0;

  constructor(parts: AdminParts, tokens: TokenVault) {
    this.#parts = parts;
    this.#tokens = tokens;
  }

  /** The book as it is on disk; read once after each change, since nobody else writes it. */
  async book(): Promise<AdvisorBook> {
    if (this.#book !== undefined) {
      return this.#book;
    }
    const changes = this.#changes;
    const book = await loadAdvisors(this.#parts.store.reader);
    if (changes === this.#changes) {
      this.#book = book;
    }
    return book;
  }

  /** The advisor that a text names. Throws CodedError `advisor_unknown`. */
  async find(text: string): Promise<Advisor> {
    return named(await this.book(), text);
  }

  /** Whether a text names an advisor. */
  async has(text: string): Promise<boolean> {
    return findAdvisor(await this.book(), text) !== undefined;
  }

  /** Authorizes a new advisor, or an advisor anew. Throws AdvisorErrorCodes and `grant_value`. */
  async authorize(wanted: Authorization): Promise<Authorized> {
    const token = wanted.key === 'token' ? this.#tokens.make() : undefined;
    const key = keyOf(wanted.key, token);
    const view = await this.#change('authorize', async (tx, now) => {
      const advisor = await this.#enrol(tx, wanted, key, now);
      if (token !== undefined) {
        await this.#tokens.save(tx, token);
      }
      const grant = await storeGrant(tx, advisor, wanted, now);
      return {
        value: await viewOf(tx, advisor, now, true),
        receipt: { ...subject(advisor), grant: grantRecord(grant), key: key?.scheme ?? 'none' },
      };
    });
    if (token !== undefined) {
      this.#tokens.open(token);
    }
    return { view, token };
  }

  /** Revokes an advisor: its grants end, its tokens are destroyed. Its name and number stay taken. */
  async revoke(text: string): Promise<JsonObject> {
    const { index, keys } = await this.find(text);
    const view = await this.#change('revoke', async (tx, now) => {
      const advisor = await this.#edit(tx, { kind: 'revoke', advisor: index }, now);
      await endGrants(tx, advisor, now);
      await this.#tokens.remove(tx, keys);
      return { value: await viewOf(tx, advisor, now, false), receipt: subject(advisor) };
    });
    this.#tokens.forget(keys);
    return view;
  }

  /** Ends one grant. Throws CodedError `grant_unknown`. */
  async endGrant(text: string, id: number): Promise<JsonObject> {
    const advisor = await this.find(text);
    return this.#change('end_grant', async (tx, now) => {
      const grant = (await loadGrants(tx, advisorId(advisor))).find((one) => one.id === id);
      if (grant === undefined) {
        throw new CodedError('grant_unknown', `${advisor.name} has no grant ${id}`, {
          remedy: 'see hive-client-status for the grants in force',
        });
      }
      await saveGrant(tx, endGrant(grant, now));
      const receipt = { ...subject(advisor), grant: id };
      return { value: await viewOf(tx, advisor, now, false), receipt };
    });
  }

  /** Removes a key; that of a token is destroyed. Throws CodedError `advisor_key`. */
  async removeKey(text: string, key: string): Promise<JsonObject> {
    const advisor = await this.find(text);
    const gone = advisor.keys.filter((one) => one.key === key);
    if (gone.length === 0) {
      throw new CodedError('advisor_key', `${advisor.name} has no such key`, {
        remedy: 'see hive-client-status keys=true for its keys',
      });
    }
    const view = await this.#change('remove_key', async (tx, now) => {
      let next = advisor;
      for (const one of gone) {
        next = await this.#edit(tx, { kind: 'remove_key', advisor: advisor.index, key: one }, now);
      }
      await this.#tokens.remove(tx, gone);
      return { value: await viewOf(tx, next, now, true), receipt: subject(next) };
    });
    this.#tokens.forget(gone);
    return view;
  }

  /** Renames an advisor, gives or takes an alias, or ends its trial so that it stays. */
  async edit(
    text: string,
    change: (advisor: Advisor) => Exclude<AdvisorChange, { kind: 'add' }>,
  ): Promise<JsonObject> {
    const edit = change(await this.find(text));
    return this.#change(edit.kind, async (tx, now) => {
      const advisor = await this.#edit(tx, edit, now);
      return { value: await viewOf(tx, advisor, now, false), receipt: subject(advisor) };
    });
  }

  /** All advisors with their grants in force. */
  async list(withKeys: boolean): Promise<readonly JsonObject[]> {
    const { store, clock } = this.#parts;
    const { advisors } = await this.book();
    const views: JsonObject[] = [];
    for (const advisor of advisors) {
      views.push(await viewOf(store.reader, advisor, clock.now(), withKeys));
    }
    return views;
  }

  async #change<T>(
    what: string,
    work: (
      tx: Transactor<CommsDatabase>,
      now: UnixMs,
    ) => Promise<{ readonly value: T; readonly receipt: JsonObject }>,
  ): Promise<T> {
    try {
      return await administer(this.#parts, what, work);
    } finally {
      this.#changes += 1;
      this.#book = undefined;
    }
  }

  async #edit(tx: Transactor<CommsDatabase>, change: AdvisorChange, now: UnixMs): Promise<Advisor> {
    const before = await loadAdvisors(tx);
    const after = changeAdvisors(before, change, now);
    const advisor = after.advisors.find((one) => !before.advisors.includes(one));
    if (advisor === undefined) {
      return named(after, 'advisor' in change ? String(change.advisor) : change.name);
    }
    await saveAdvisor(tx, advisor);
    return advisor;
  }

  /** The advisor of an authorization, with its key: new, known, or taken back from a revocation. */
  async #enrol(
    tx: Transactor<CommsDatabase>,
    { advisor: text, trialUntil }: Authorization,
    key: AdvisorKey | undefined,
    now: UnixMs,
  ): Promise<Advisor> {
    const known = findAdvisor(await loadAdvisors(tx), text);
    if (known === undefined) {
      const keys = key === undefined ? [] : [key];
      const trial = trialUntil === undefined ? {} : { trialUntil };
      return this.#edit(tx, { kind: 'add', name: text, keys, ...trial }, now);
    }
    if (trialUntil !== undefined) {
      throw new CodedError('advisor_name', `${known.name} is an advisor already`, {
        remedy: 'a trial is for a new advisor; give this one a grant with an end',
      });
    }
    const { index } = known;
    let advisor = known;
    if (known.revokedAt !== undefined) {
      await endGrants(tx, known, now);
      advisor = await this.#edit(tx, { kind: 'reinstate', advisor: index }, now);
    }
    const held = known.keys.some((one) => one.scheme === key?.scheme && one.key === key.key);
    return key === undefined || held
      ? advisor
      : this.#edit(tx, { kind: 'add_key', advisor: index, key }, now);
  }
}

function keyOf(key: Authorization['key'], token: NewToken | undefined): AdvisorKey | undefined {
  if (token !== undefined) {
    return { scheme: 'hmac', key: token.id };
  }
  return key === 'token' ? undefined : key;
}

function named(book: AdvisorBook, text: string): Advisor {
  const advisor = findAdvisor(book, text);
  if (advisor === undefined) {
    throw new CodedError('advisor_unknown', `there is no advisor ${JSON.stringify(text)}`, {
      remedy: 'hive-client-status lists the advisors by name, alias and index',
    });
  }
  return advisor;
}

function subject({ index, name }: Advisor): JsonObject {
  return { advisor: index, name };
}

/** A grant in a receipt: every number of it as text where it may be large. */
function grantRecord({
  id,
  mode,
  tier,
  actions,
  spend,
  close,
  forceClose,
  until,
}: Grant): JsonObject {
  const power = (one: Grant['spend']): JsonObject | undefined =>
    one && { amount_msat: String(one.amountMsat), until: one.until };
  const powers = { spend: power(spend), close: power(close), force_close: power(forceClose) };
  const given = Object.entries(powers).filter(
    (entry): entry is [string, JsonObject] => entry[1] !== undefined,
  );
  return {
    id,
    mode,
    tier,
    actions: actions === 'all' ? 'all' : [...actions],
    ...Object.fromEntries(given),
    ...(until === undefined ? {} : { until }),
  };
}

async function endGrants(
  tx: Transactor<CommsDatabase>,
  advisor: Advisor,
  now: UnixMs,
): Promise<void> {
  for (const grant of await loadGrants(tx, advisorId(advisor))) {
    if (grant.until === undefined || grant.until > now) {
      await saveGrant(tx, endGrant(grant, now));
    }
  }
}

async function storeGrant(
  tx: Transactor<CommsDatabase>,
  advisor: Advisor,
  { grant: draft, keepGrants }: Authorization,
  now: UnixMs,
): Promise<Grant> {
  const id = advisorId(advisor);
  if (!keepGrants) {
    await endGrants(tx, advisor, now);
  }
  const held = (await loadGrants(tx, id)).filter((grant) => grantHolds(grant, now));
  if (held.length >= GRANTS_PER_ADVISOR_MAX) {
    throw new CodedError('advisor_full', `at most ${GRANTS_PER_ADVISOR_MAX} grants at a time`, {
      remedy: 'end one first (hive-client-revoke with its number)',
    });
  }
  const next = { ...draft, id: await nextGrant(tx), advisor: id, from: now };
  const grant = checkGrant(next, now);
  await saveGrant(tx, grant);
  return grant;
}

async function viewOf(
  reader: Reader<CommsDatabase>,
  advisor: Advisor,
  now: UnixMs,
  withKeys: boolean,
): Promise<JsonObject> {
  const grants = await loadGrants(reader, advisorId(advisor));
  const uses = await grantUses(
    reader,
    grants.map(({ id }) => id),
  );
  return advisorView(advisor, grants, uses, now, withKeys);
}
