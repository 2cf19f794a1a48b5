/** What a hook's reply member must be when it is there. */
export type MemberCheck = 'hex' | 'preimage' | 'msat' | 'channel_id' | 'any';

/** One accepted value of a reply's `result`. */
export interface HookResult {
  /** The chain goes on to the next plugin; otherwise it ends here. */
  readonly goesOn: boolean;
  /** Members of which at least one must be present. */
  readonly needsOneOf?: readonly string[];
  /** Members that must be absent. */
  readonly forbids?: readonly string[];
}

/** How lightningd reads the replies to one hook. */
export interface HookRule {
  /** What the entries of `filters` must be; absent where the hook takes none. */
  readonly filters?: 'string' | 'integer';
  /**
   * Accepted `result` values. Any other reply aborts lightningd. Absent where lightningd reads the
   * replies otherwise: `rpc_command` (see rpc-hook.ts), and hooks whose content is `lenient`.
   */
  readonly results?: Readonly<Record<string, HookResult>>;
  /** Anything with a `result` member passes: all go on, or all but `continue` end the chain. */
  readonly lenient?: 'ignored' | 'only-continue';
  /** Members whose presence with another shape aborts lightningd. */
  readonly members?: Readonly<Record<string, MemberCheck>>;
  /** A reply without `result` passes when it has this member, and ends the chain. */
  readonly insteadOfResult?: string;
  /** Where members of a `continue` reply go in the payload that later plugins see. */
  readonly carries?: Readonly<Record<string, readonly string[]>>;
}

const CONTINUE: HookResult = { goesOn: true };

/** The hooks of lightningd v26.06.6 except `db_write`, which has no wallet to write for here. */
export const HOOKS: Readonly<Record<string, HookRule>> = {
  peer_connected: { results: { continue: CONTINUE, disconnect: { goesOn: false } } },
  custommsg: { filters: 'integer', results: { continue: CONTINUE } },
  htlc_accepted: {
    results: {
      continue: CONTINUE,
      fail: { goesOn: false, needsOneOf: ['failure_onion', 'failure_message'] },
      resolve: { goesOn: false, needsOneOf: ['payment_key'] },
    },
    members: {
      invoice_msat: 'msat',
      extra_tlvs: 'hex',
      payload: 'hex',
      forward_to: 'channel_id',
      failure_onion: 'hex',
      failure_message: 'hex',
      payment_key: 'preimage',
    },
    carries: {
      payload: ['onion', 'payload'],
      forward_to: ['forward_to'],
      extra_tlvs: ['htlc', 'extra_tlvs'],
    },
  },
  rpc_command: { filters: 'string' },
  invoice_payment: {
    results: { continue: CONTINUE, reject: { goesOn: false } },
    members: { failure_message: 'hex' },
    insteadOfResult: 'failure_message',
  },
  openchannel: {
    results: { continue: CONTINUE, reject: { goesOn: false, forbids: ['close_to'] } },
  },
  openchannel2: {
    results: {
      continue: CONTINUE,
      reject: { goesOn: false, forbids: ['close_to', 'psbt', 'our_funding_msat'] },
    },
  },
  openchannel2_changed: { results: { continue: { goesOn: true, needsOneOf: ['psbt'] } } },
  openchannel2_sign: { results: { continue: { goesOn: true, needsOneOf: ['psbt'] } } },
  rbf_channel: {
    results: {
      continue: CONTINUE,
      reject: { goesOn: false, forbids: ['psbt', 'our_funding_msat'] },
    },
  },
  commitment_revocation: { lenient: 'ignored' },
  onion_message_recv: { lenient: 'only-continue' },
  onion_message_recv_secret: { lenient: 'only-continue' },
  recover: { results: { continue: CONTINUE } },
};

/** Whether lightningd v26.06.6 has a hook of this name that can be registered here. */
export function isHook(name: string): boolean {
  return Object.hasOwn(HOOKS, name);
}
