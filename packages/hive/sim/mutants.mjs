// Mistakes that an implementation of the lock could make, as changes of its source. The simulator
// must find every one of them, from seed `seed` on where it takes many; a mutant whose text is no longer in the source fails the build.
export const MUTANTS = {
  'grants-lost-in-crash': {
    file: 'lock/state.ts',
    find: 'tables[table]?.set(key, value);',
    put: "if (table !== 'grants') { tables[table]?.set(key, value); }",
    profile: 'crash',
  },
  'half-instead-of-majority': {
    file: 'lock/epoch.ts',
    find: 'return Math.floor(members / 2) + 1;',
    put: 'return Math.ceil(members / 2);',
    profile: 'partition',
  },
  'retry-of-unknown': {
    file: 'lock/state.ts',
    find: "{ ...wish, phase: 'unknown', reason: 'outcome_unknown' }",
    put: "{ ...wish, phase: 'gathering' }",
    profile: 'crash',
  },
  'expiry-by-wall-clock': {
    file: 'lock/step.ts',
    find: 'const turn = new Turn(state, now);',
    put: `const turn = new Turn(state, now);
      for (const { attempt, since } of state.tables.grants.values()) {
        if (now - since > 60_000) { turn.row('grants', attempt, undefined); }
      }`,
    profile: 'skew',
  },
  'answered-before-stored': {
    file: 'lock/turn.ts',
    find: 'commands: [...store, ...this.#commands]',
    put: 'commands: [...this.#commands, ...store]',
    profile: 'crash',
  },
  'released-at-window-end': {
    file: 'lock/window.ts',
    find: 'return (window + 2) * WINDOW_BLOCKS;',
    put: 'return (window + 1) * WINDOW_BLOCKS;',
    profile: 'skew',
  },
  'original-intent-forgotten': {
    file: 'lock/step.ts',
    find: 'turn.patch({ foreign: new Map(state.foreign).set(key, windowOf(state.height)) });',
    put: '',
    profile: 'mixed',
  },
  'mixed-hive-without-approval': {
    file: 'lock/holder.ts',
    find: /state\.originals\.size (?:> 0 && !wish\.approved|=== 0 \|\| wish\.approved)/g,
    put: (found) => (found.includes('&&') ? 'false' : 'true'),
    times: 3,
    profile: 'mixed',
  },
  'grants-not-compared': {
    file: 'lock/proof.ts',
    find: 'twin !== undefined',
    put: 'twin === undefined && twin !== undefined',
    profile: 'liar',
  },
  'own-grant-not-signed': {
    file: 'lock/holder.ts',
    find: 'to: [self], message: own',
    put: 'to: [], message: own',
    profile: 'liar',
  },
  'majority-against-a-liar': {
    file: 'lock/epoch.ts',
    find: 'Math.min(members, majority(members + liars))',
    put: 'majority(members)',
    profile: 'withstand',
  },
  'successor-begins-at-once': {
    file: 'lock/epoch.ts',
    find: 'Math.max(...valid.map(({ stop }) => stop)) + 1',
    put: 'before.from + 1',
    profile: 'members',
  },
  'electorate-shrinks-on-the-way': {
    file: 'membership/votes.ts',
    find: 'since >= at ? [node] : []',
    put: '[]',
    profile: 'fleet',
    seed: 69,
  },
  'ban-by-half': {
    file: 'membership/votes.ts',
    find: 'proposal.approvals.size < majority(proposal.electorate.length)',
    put: 'proposal.approvals.size < proposal.electorate.length / 2',
    profile: 'fleet',
    seed: 7,
  },
  'older-state-taken': {
    file: 'state/merge.ts',
    find: 'known !== undefined && incoming.version < known.version',
    put: 'known !== undefined && incoming.version < 0',
    profile: 'fleet',
    seed: 1,
  },
  'list-makes-members': {
    file: 'membership/away.ts',
    find: "change.member(peer, { tier: 'neophyte',",
    put: 'change.member(peer, { tier,',
    profile: 'fleet',
    seed: 1,
  },
};
