import type { OptionType } from '../rules/option-value.ts';

/** An option as its owner declared it. */
export interface DeclaredOption {
  readonly type: OptionType;
  readonly default?: string;
  readonly multi?: boolean;
  readonly dynamic?: boolean;
}

/** What a plugin that comes with lightningd occupies: other plugins cannot take these names. */
export interface BuiltinPlugin {
  readonly methods: readonly string[];
  readonly options: Readonly<Record<string, DeclaredOption>>;
}

/** Where a packaged lightningd keeps its own plugins. */
export const BUILTIN_PLUGIN_DIR = '/usr/local/libexec/c-lightning/plugins';

/** lightningd v26.06.6's own plugins, from their manifests. */
export const BUILTIN_PLUGINS: Readonly<Record<string, BuiltinPlugin>> = {
  autoclean: {
    methods: ['autoclean-status', 'autoclean-once'],
    options: {
      'autoclean-cycle': { type: 'int', default: '3600', dynamic: true },
      'autoclean-succeededforwards-age': { type: 'int', dynamic: true },
      'autoclean-failedforwards-age': { type: 'int', dynamic: true },
      'autoclean-succeededpays-age': { type: 'int', dynamic: true },
      'autoclean-failedpays-age': { type: 'int', dynamic: true },
      'autoclean-paidinvoices-age': { type: 'int', dynamic: true },
      'autoclean-expiredinvoices-age': { type: 'int', dynamic: true },
      'autoclean-networkevents-age': { type: 'int', default: '2592000', dynamic: true },
    },
  },
  bcli: {
    methods: [
      'getrawblockbyheight',
      'getchaininfo',
      'estimatefees',
      'sendrawtransaction',
      'getutxout',
    ],
    options: {
      'bitcoin-datadir': { type: 'string' },
      'bitcoin-cli': { type: 'string' },
      'bitcoin-rpcuser': { type: 'string' },
      'bitcoin-rpcpassword': { type: 'string' },
      'bitcoin-rpcconnect': { type: 'string' },
      'bitcoin-rpcport': { type: 'int' },
      'bitcoin-rpcclienttimeout': { type: 'int', default: '60' },
      'bitcoin-retry-timeout': { type: 'int', default: '60' },
    },
  },
  bookkeeper: {
    methods: [
      'bkpr-listbalances',
      'bkpr-listaccountevents',
      'bkpr-inspect',
      'bkpr-listincome',
      'bkpr-dumpincomecsv',
      'bkpr-channelsapy',
      'bkpr-report',
      'bkpr-editdescriptionbypaymentid',
      'bkpr-editdescriptionbyoutpoint',
    ],
    options: {
      'bkpr-currency': { type: 'string', dynamic: true },
    },
  },
  chanbackup: {
    methods: ['emergencyrecover', 'getemergencyrecoverdata', 'restorefrompeer'],
    options: {},
  },
  'cln-askrene': {
    methods: [
      'getroutes',
      'askrene-listreservations',
      'askrene-reserve',
      'askrene-unreserve',
      'askrene-disable-node',
      'askrene-create-channel',
      'askrene-update-channel',
      'askrene-remove-channel-update',
      'askrene-inform-channel',
      'askrene-bias-channel',
      'askrene-bias-node',
      'askrene-create-layer',
      'askrene-remove-layer',
      'askrene-listlayers',
      'askrene-age',
    ],
    options: {
      'askrene-timeout': { type: 'int', default: '10', dynamic: true },
      'askrene-max-threads': { type: 'int', default: '4', dynamic: true },
    },
  },
  'cln-bwatch': {
    methods: [
      'addscriptpubkeywatch',
      'addoutpointwatch',
      'addscidwatch',
      'addblockdepthwatch',
      'delscriptpubkeywatch',
      'deloutpointwatch',
      'delscidwatch',
      'delblockdepthwatch',
      'listwatch',
    ],
    options: {
      'experimental-bwatch': { type: 'flag' },
      'bwatch-poll-interval': { type: 'int', default: '30000' },
    },
  },
  'cln-renepay': {
    methods: ['renepaystatus', 'renepay', 'renepaystatus', 'renepay'],
    options: {
      'renepay-debug-mcf': { type: 'flag' },
      'renepay-debug-payflow': { type: 'flag' },
    },
  },
  'cln-xpay': {
    methods: ['xpay', 'xpay-as-pay', 'xkeysend', 'listpays', 'sendamount'],
    options: {
      'xpay-handle-pay': { type: 'bool', default: 'true', dynamic: true },
      'xpay-slow-mode': { type: 'bool', default: 'false', dynamic: true },
      'xpay-user-layer': { type: 'string', multi: true },
    },
  },
  commando: { methods: ['commando'], options: {} },
  exposesecret: {
    methods: ['exposesecret'],
    options: {
      'exposesecret-passphrase': { type: 'string-conceal' },
    },
  },
  funder: {
    methods: ['funderupdate'],
    options: {
      'funder-policy': { type: 'string', default: 'fixed' },
      'funder-policy-mod': { type: 'string', default: '0' },
      'funder-min-their-funding': { type: 'string', default: '10000sat' },
      'funder-max-their-funding': { type: 'string', default: '4294967295sat' },
      'funder-per-channel-min': { type: 'string', default: '10000sat' },
      'funder-per-channel-max': { type: 'string', default: '4294967295sat' },
      'funder-reserve-tank': { type: 'string', default: '0sat' },
      'funder-fuzz-percent': { type: 'int', default: '0' },
      'funder-fund-probability': { type: 'int', default: '100' },
      'funder-lease-requests-only': { type: 'bool', default: 'true' },
      'lease-fee-base-sat': { type: 'string' },
      'lease-fee-basis': { type: 'int' },
      'lease-funding-weight': { type: 'int' },
      'channel-fee-max-base-msat': { type: 'string' },
      'channel-fee-max-proportional-thousandths': { type: 'int' },
    },
  },
  keysend: { methods: ['keysend', 'keysend'], options: {} },
  offers: {
    methods: [
      'offer',
      'invoicerequest',
      'decode',
      'fetchinvoice',
      'sendinvoice',
      'cancelrecurringinvoice',
      'createproof',
    ],
    options: {
      'fetchinvoice-noconnect': { type: 'flag' },
    },
  },
  pay: {
    methods: ['paystatus', 'pay', 'paystatus'],
    options: {
      'disable-mpp': { type: 'flag' },
    },
  },
  recklessrpc: { methods: ['reckless'], options: {} },
  recover: { methods: [], options: {} },
  spenderp: {
    methods: [
      'multiwithdraw',
      'fundchannel',
      'multifundchannel',
      'dev-splice',
      'splicein',
      'spliceout',
    ],
    options: {},
  },
  sql: { methods: ['sql', 'listsqlschemas'], options: {} },
  topology: {
    methods: ['getroute', 'listchannels', 'listnodes', 'listincoming', 'getroute'],
    options: {},
  },
  txprepare: {
    methods: ['txprepare', 'txdiscard', 'txsend', 'withdraw', 'upgradewallet'],
    options: {},
  },
};
