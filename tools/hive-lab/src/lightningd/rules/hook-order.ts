/** A plugin in one hook's chain, with the neighbours it asked for. */
export interface HookMember {
  /** Order in which lightningd learned of the plugins. */
  readonly index: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The order of a chain, or the members that no order satisfies. */
export type HookOrder<M> =
  | { readonly kind: 'ordered'; readonly chain: readonly M[]; readonly unknown: readonly string[] }
  | { readonly kind: 'cycle'; readonly members: readonly M[] };

/**
 * Orders a hook's chain as lightningd does: among the plugins that wait for nobody, always the one
 * with the lowest index. `matches` says whether a member is called by a name (basename or path);
 * names that match nobody are ignored and returned as `unknown`.
 */
export function orderHooks<M extends HookMember>(
  members: readonly M[],
  matches: (member: M, name: string) => boolean,
): HookOrder<M> {
  const unknown: string[] = [];
  const waitsFor = new Map<M, M[]>(members.map((member) => [member, []]));
  const edge = (first: M | undefined, second: M | undefined, name: string): void => {
    if (first === undefined || second === undefined) {
      unknown.push(name);
    } else {
      waitsFor.get(second)?.push(first);
    }
  };
  for (const member of members) {
    for (const name of member.before) {
      edge(
        member,
        members.find((other) => matches(other, name)),
        name,
      );
    }
    for (const name of member.after) {
      edge(
        members.find((other) => matches(other, name)),
        member,
        name,
      );
    }
  }
  const chain: M[] = [];
  const waiting = new Set(members);
  for (;;) {
    const ready = [...waiting].filter((member) =>
      (waitsFor.get(member) ?? []).every((other) => !waiting.has(other)),
    );
    const next = ready.sort((a, b) => a.index - b.index)[0];
    if (next === undefined) {
      break;
    }
    chain.push(next);
    waiting.delete(next);
  }
  return waiting.size === 0
    ? { kind: 'ordered', chain, unknown }
    : { kind: 'cycle', members: [...waiting] };
}
