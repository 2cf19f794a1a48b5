/** Feature bits of lightningd v26.06.6 with default settings, as `init` tells plugins. */
export const NODE_FEATURES: Readonly<Record<string, string>> = {
  init: '800898880a8a59a1',
  node: '808898880a8a59a1',
  channel: '',
  invoice: '02000002024100',
  bolt12_offer: '',
  bolt12_invreq: '',
  bolt12_invoice: '020000',
  channel_type: '08800000800000',
};
