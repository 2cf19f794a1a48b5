// Where the schemas of Core Lightning v26.06.6 differ from what its lightningd really takes and
// sends. Each entry: the schema file, where in it, what holds instead, and why we know.

/**
 * @typedef {object} Correction
 * @property {string} file schema without `.json`
 * @property {string} reason
 * @property {(schema: any) => void} apply
 */

const i64 = { type: 'integer', 'x-cln-type': 'i64' };
const flag = { type: 'boolean' };
const text = { type: 'string' };
const u64 = { type: 'integer', 'x-cln-type': 'u64' };

/** @type {Correction[]} */
export const CORRECTIONS = [
  {
    file: 'rpc/askrene-create-layer.response',
    reason:
      'channel_updates lacks the member it requires; it is what askrene-listlayers answers, whose schema has it',
    apply: (schema) => {
      Object.assign(schema.properties.layers.items.properties.channel_updates.items.properties, {
        short_channel_id_dir: { type: 'string', 'x-cln-type': 'short_channel_id_dir' },
        enabled: { type: 'boolean' },
        cltv_expiry_delta: { type: 'integer', 'x-cln-type': 'u16' },
      });
    },
  },
  {
    file: 'rpc/checkmessage.response',
    reason:
      'a mismatch is answered with verified false, not with an error (transcript checkmessage-wrong-key)',
    apply: (schema) => {
      schema.properties.verified = { type: 'boolean' };
    },
  },
  {
    file: 'rpc/parsefeerate.request',
    reason: 'the real parameter is `feerate` (help, and -32602 on feerate_str)',
    apply: (schema) => {
      schema.properties = { feerate: schema.properties.feerate_str ?? schema.properties.feerate };
      schema.required = ['feerate'];
    },
  },
  {
    file: 'notifications/forward_event.response',
    reason:
      'indexes, HTLC ids and the preimage of a settled forward are sent but not in the schema (transcript forward_event)',
    apply: (schema) => {
      schema.properties.created_index ??= u64;
      schema.properties.updated_index ??= u64;
      schema.properties.in_htlc_id ??= u64;
      schema.properties.out_htlc_id ??= u64;
      schema.properties.preimage ??= { type: 'string', 'x-cln-type': 'secret' };
    },
  },
  {
    file: 'rpc/listconfigs.response',
    reason:
      'the options of plugins and of developer mode come in the same form as those the schema lists one by one (transcripts listconfigs, listconfigs-one); integer options are i64',
    apply: (schema) => {
      schema.properties.configs = {
        type: 'object',
        additionalProperties: {
          type: 'object',
          required: [],
          properties: {
            value_str: text,
            value_int: i64,
            value_msat: { type: 'integer', 'x-cln-type': 'msat' },
            value_bool: flag,
            set: flag,
            values_str: { type: 'array', items: text },
            values_int: { type: 'array', items: i64 },
            values_msat: {
              type: 'array',
              items: { type: 'integer', 'x-cln-type': 'msat' },
            },
            source: text,
            sources: { type: 'array', items: text },
            plugin: text,
            dynamic: flag,
          },
        },
      };
    },
  },
  {
    file: 'rpc/setconfig.response',
    reason: 'integer options are i64 (an option of 2^53 + 1 was seen)',
    apply: (schema) => {
      schema.properties.config.properties.value_int = i64;
    },
  },
  {
    file: 'hooks/rpc_command.request',
    reason: 'the hooked request comes whole: also jsonrpc, and filter where the caller gave one',
    apply: (schema) => {
      schema.properties.rpc_command.properties.jsonrpc = text;
      schema.properties.rpc_command.properties.filter = { type: 'object' };
    },
  },
  {
    file: 'notifications/invoice_creation.response',
    reason: 'an invoice made for an offer has its offer_id (transcript invoice_creation)',
    apply: (schema) => {
      schema.properties.offer_id = { type: 'string', 'x-cln-type': 'hash' };
    },
  },
  {
    file: 'hooks/invoice_payment.request',
    reason: 'in developer mode the TLVs of the payment come along (transcript invoice_payment)',
    apply: (schema) => {
      schema.properties.payment.properties.extratlvs = { type: 'array', items: {} };
    },
  },
];

/** Topics whose schema file has another name than the topic on the wire. */
export const TOPICS = {
  xpay_pay_part_start: 'pay_part_start',
  xpay_pay_part_end: 'pay_part_end',
};

/** Commands that take members beyond their schema: those of the checked command, plugin options. */
export const OPEN_REQUESTS = ['check', 'plugin'];

/** In help-usage.json, but methods of test plugins that ran on the recorded node. */
export const FOREIGN_COMMANDS = ['optsnow', 'whoami3', 'whoesm'];
