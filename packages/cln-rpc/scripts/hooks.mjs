// What may be answered to each hook (lightningd aborts on anything else), and how the hook behaves.
// The schemas list the members of all answers in one heap; which belong together is from
// lightningd's source as the plugin protocol notes record it.

/**
 * @typedef {object} Variant
 * @property {string} result
 * @property {string[]} [required]
 * @property {string[]} [optional]
 */

const CONTINUE = [{ result: 'continue' }];

/**
 * `fallback` is the answer when a handler fails: `continue`, `reject`, `continue_with_psbt` (the
 * psbt received) or `choose` (neither is right for everyone). `filters`: what the manifest's
 * filters hold. `blocks`: what waits while the hook is not answered.
 * @type {Record<string, {replies: Variant[] | 'rpc_command', fallback: string, filters?: 'method' | 'message_type', blocks: string}>}
 */
export const HOOKS = {
  commitment_revocation: { replies: CONTINUE, fallback: 'continue', blocks: 'the channel' },
  custommsg: {
    replies: CONTINUE,
    fallback: 'continue',
    filters: 'message_type',
    blocks: 'every later message from that peer',
  },
  db_write: { replies: CONTINUE, fallback: 'continue', blocks: 'the whole node' },
  htlc_accepted: {
    replies: [
      { result: 'continue', optional: ['payload', 'forward_to', 'extra_tlvs', 'invoice_msat'] },
      { result: 'fail', required: ['failure_message'] },
      { result: 'fail', required: ['failure_onion'] },
      { result: 'resolve', required: ['payment_key'] },
    ],
    fallback: 'choose',
    blocks: 'the HTLC',
  },
  invoice_payment: {
    replies: [{ result: 'continue' }, { result: 'reject', optional: ['failure_message'] }],
    fallback: 'continue',
    blocks: 'the payment',
  },
  onion_message_recv: { replies: CONTINUE, fallback: 'continue', blocks: 'the onion message' },
  onion_message_recv_secret: {
    replies: CONTINUE,
    fallback: 'continue',
    blocks: 'the onion message',
  },
  openchannel: {
    replies: [
      { result: 'continue', optional: ['close_to', 'mindepth', 'reserve'] },
      { result: 'reject', optional: ['error_message'] },
    ],
    fallback: 'reject',
    blocks: 'the opening of the channel',
  },
  openchannel2: {
    replies: [
      { result: 'continue', optional: ['psbt', 'our_funding_msat', 'close_to'] },
      { result: 'reject', optional: ['error_message'] },
    ],
    fallback: 'reject',
    blocks: 'the opening of the channel',
  },
  openchannel2_changed: {
    replies: [{ result: 'continue', required: ['psbt'] }],
    fallback: 'continue_with_psbt',
    blocks: 'the opening of the channel',
  },
  openchannel2_sign: {
    replies: [{ result: 'continue', required: ['psbt'] }],
    fallback: 'continue_with_psbt',
    blocks: 'the opening of the channel',
  },
  peer_connected: {
    replies: [{ result: 'continue' }, { result: 'disconnect', optional: ['error_message'] }],
    fallback: 'continue',
    blocks: 'the peer, which stays connecting',
  },
  rbf_channel: {
    replies: [
      { result: 'continue', optional: ['psbt', 'our_funding_msat'] },
      { result: 'reject', optional: ['error_message'] },
    ],
    fallback: 'reject',
    blocks: 'the fee bump',
  },
  recover: { replies: CONTINUE, fallback: 'continue', blocks: 'the recovery' },
  rpc_command: {
    replies: 'rpc_command',
    fallback: 'continue',
    filters: 'method',
    blocks: 'the command; without filters every command, stop included',
  },
};
