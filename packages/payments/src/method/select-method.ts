/** The ways to pay among which is chosen; the names are those of the ledger. */
export type Method = 'bolt11' | 'bolt12' | 'l402' | 'cashu';

/** What a payment has to do. */
export interface MethodWish {
  /** `once`: an action is paid; `series`: a subscription; `conditional`: only against a condition, such as a secret. */
  readonly kind: 'once' | 'series' | 'conditional';
  /** What the payee takes. */
  readonly offered: ReadonlySet<Method>;
  /** What this node can pay by. */
  readonly available: ReadonlySet<Method>;
  /** The operator's order; methods that are not in it are not used. Undefined: the order of the rule. */
  readonly preference: readonly Method[] | undefined;
}

/** The method that is taken, why, and why not the others that fit. */
export type MethodChoice =
  | { readonly method: Method; readonly why: string; readonly passed: readonly string[] }
  | { readonly method: undefined; readonly why: string; readonly passed: readonly string[] };

interface Rule {
  /** In the rule's own order. */
  readonly fits: readonly Method[];
  readonly because: string;
}

const RULES: Readonly<Record<MethodWish['kind'], Rule>> = {
  conditional: { fits: ['cashu'], because: 'only a Cashu token can be locked to a condition' },
  series: {
    fits: ['bolt12', 'bolt11'],
    because: 'a subscription is paid by an offer, else by an invoice each time',
  },
  once: {
    fits: ['bolt11', 'l402', 'bolt12', 'cashu'],
    because: 'an action is paid by an invoice or with the request (L402)',
  },
};

/** Chooses how to pay. Total; the same answer for the same question. */
export function selectMethod({ kind, offered, available, preference }: MethodWish): MethodChoice {
  const { fits, because } = RULES[kind];
  const order = preference === undefined ? fits : preference.filter((one) => fits.includes(one));
  const passed: string[] = [];
  for (const method of fits.filter((one) => offered.has(one) && !order.includes(one))) {
    passed.push(`${method}: the operator does not pay by it`);
  }
  for (const method of order) {
    if (!offered.has(method)) {
      passed.push(`${method}: the payee does not take it`);
    } else if (available.has(method)) {
      const by = preference === undefined ? '' : ', and the operator prefers it';
      return { method, why: `${because}; the payee takes ${method}${by}`, passed };
    } else {
      passed.push(`${method}: this node cannot pay by it now`);
    }
  }
  return { method: undefined, why: `${because}; none of them is left`, passed };
}
