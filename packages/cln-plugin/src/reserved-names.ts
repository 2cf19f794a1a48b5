/**
 * Names that Core Lightning v26.06.6 has itself. A plugin method with the name of a core command
 * crashes lightningd (SIGSEGV); an option with the name of one of its options stops its start. They
 * are kept as one text each, so that they cost nothing until a name is looked up.
 */
const METHODS = `
abort_channels addblockdepthwatch addgossip addoutpointwatch addpsbtinput addpsbtoutput
addscidwatch addscriptpubkeywatch askrene-age askrene-bias-channel askrene-bias-node
askrene-create-channel askrene-create-layer askrene-disable-node askrene-inform-channel
askrene-listlayers askrene-listreservations askrene-remove-channel-update askrene-remove-layer
askrene-reserve askrene-unreserve askrene-update-channel autoclean-once autoclean-status batching
bkpr-channelsapy bkpr-dumpincomecsv bkpr-editdescriptionbyoutpoint bkpr-editdescriptionbypaymentid
bkpr-inspect bkpr-listaccountevents bkpr-listbalances bkpr-listincome bkpr-report blacklistrune
cancelrecurringinvoice check checkmessage checkrune close commando connect createinvoice
createinvoicerequest createoffer createonion createproof createrune datastore datastoreusage
decode decryptencrypteddata delblockdepthwatch deldatastore delforward delinvoice delnetworkevent
deloutpointwatch delpay delscidwatch delscriptpubkeywatch deprecations destroyrune dev
dev-compact-gossip-store dev-connectd-exhaust-fds dev-fail dev-feerate dev-finalizepsbt
dev-forget-channel dev-ignore-htlcs dev-listaddrs dev-memdump dev-memleak dev-peer-shachain
dev-queryrates dev-quiesce dev-rawrequest dev-reenable-commit dev-report-fds dev-rescan-outputs
dev-set-max-scids-encode-size dev-sign-last-tx dev-splice dev-suppress-gossip
disableinvoicerequest disableoffer disconnect emergencyrecover enableoffer estimatefees
exposesecret feerates fetchinvoice fundchannel fundchannel_cancel fundchannel_complete
fundchannel_start funderupdate fundpsbt getchaininfo getemergencyrecoverdata getinfo getlog
getrawblockbyheight getroute getroutes getutxout graceful help injectonionmessage
injectpaymentonion injectutxodeposit injectutxospend invoice invoicerequest invokerune keysend
listaddresses listchainmoves listchannelmoves listchannels listclosedchannels listconfigs
listdatastore listforwards listfunds listhtlcs listincoming listinvoicerequests listinvoices
listnetworkevents listnodes listoffers listpays listpeerchannels listpeers listsendpays
listsqlschemas listtransactions listwatch makesecret multifundchannel multiwithdraw newaddr
notifications offer openchannel_abort openchannel_bump openchannel_init openchannel_signed
openchannel_update optsnow parsefeerate pay payersign paystatus ping plugin preapproveinvoice
preapprovekeysend reckless recover recoverchannel renepay renepaystatus reserveinputs
restorefrompeer sendamount sendcustommsg sendinvoice sendonion sendpay sendpsbt sendrawtransaction
setchannel setconfig setleaserates setpsbtversion showrunes signinvoice signmessage
signmessagewithkey signpsbt splice_init splice_signed splice_update splicein spliceout sql
staticbackup stfu_channels stop txdiscard txprepare txsend unreserveinputs upgradewallet utxopsbt
wait waitanyinvoice waitblockheight waitinvoice waitsendpay whoami3 whoesm withdraw xkeysend xpay
xpay-as-pay
`;

const OPTIONS = `
accept-htlc-tlv-type addr alias allow-deprecated-apis always-use-proxy announce-addr
announce-addr-discovered announce-addr-discovered-port announce-addr-dns askrene-max-threads
askrene-timeout autoclean-cycle autoclean-expiredinvoices-age autoclean-failedforwards-age
autoclean-failedpays-age autoclean-networkevents-age autoclean-paidinvoices-age
autoclean-succeededforwards-age autoclean-succeededpays-age autoconnect-seeker-peers autolisten
bind-addr bitcoin-cli bitcoin-datadir bitcoin-retry-timeout bitcoin-rpcclienttimeout
bitcoin-rpcconnect bitcoin-rpcpassword bitcoin-rpcport bitcoin-rpcuser bkpr-currency
bwatch-poll-interval channel-fee-max-base-msat channel-fee-max-proportional-thousandths
clear-plugins clnrest-certs clnrest-cors-origins clnrest-csp clnrest-host clnrest-port
clnrest-protocol clnrest-swagger-root cltv-delta cltv-final commit-fee commit-feerate-offset
commit-time conf daemon database-config dev-autoclean-max-batch dev-bitcoind-poll dev-fast-gossip
dev-invoice-bpath-scid dev-no-plugin-checksum dev-xpay-no-age developer disable-dns disable-mpp
disable-plugin encrypted-hsm experimental-bwatch experimental-dual-fund
experimental-shutdown-wrong-funding experimental-splicing exposesecret-passphrase fee-base
fee-per-satoshi fetchinvoice-noconnect force-feerates funder-fund-probability funder-fuzz-percent
funder-lease-requests-only funder-max-their-funding funder-min-their-funding
funder-per-channel-max funder-per-channel-min funder-policy funder-policy-mod funder-reserve-tank
funding-confirms grpc-host grpc-port help hsm-passphrase htlc-maximum-msat htlc-minimum-msat
i-promise-to-fix-broken-api-user ignore-fee-limits important-plugin invoices-onchain-fallback
large-channels lease-fee-base-sat lease-fee-basis lease-funding-weight lightning-dir log-file
log-level log-prefix log-timestamps mainnet max-concurrent-htlcs max-dust-htlc-exposure-msat
message-padding min-capacity-sat min-emergency-msat network offline payment-fronting-node pid-file
plugin plugin-dir proxy recover regtest renepay-debug-mcf renepay-debug-payflow
require-confirmed-inputs rescan rgb rpc-file rpc-file-mode signet statictor subdaemon
test-daemons-only testnet testnet4 tor-service-password version wallet watchtime-blocks
wss-bind-addr wss-certs xpay-handle-pay xpay-slow-mode xpay-user-layer
`;

const TOPICS = `
balance_snapshot block_added channel_open_failed channel_opened channel_state_changed
coin_movement connect custommsg deprecated_oneshot disconnect forward_event invoice_creation
invoice_payment log onionmessage_forward_fail openchannel_peer_sigs plugin_started plugin_stopped
sendpay_failure sendpay_success shutdown warning
channel_hint_update pay_failure pay_part_end pay_part_start pay_success
`;

function has(list: string, name: string): boolean {
  return list.replaceAll('\n', ' ').includes(` ${name} `);
}

/** Whether lightningd, or a plugin that comes with it, has an RPC method of this name. */
export function isReservedMethod(name: string): boolean {
  return has(METHODS, name) || name === 'getmanifest' || name === 'init';
}

/** Whether lightningd, or a plugin that comes with it, has an option of this name. */
export function isReservedOption(name: string): boolean {
  return has(OPTIONS, name);
}

/** Whether lightningd, or a plugin that comes with it, emits notifications of this topic. */
export function isNativeTopic(name: string): boolean {
  return has(TOPICS, name);
}
