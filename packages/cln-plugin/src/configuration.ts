import { anyJson, boolean, isJsonObject, object, optional, text } from '@cl-hive/core';

/** What `init` tells about the node. */
export interface Configuration {
  /** `<lightning-dir>/<network>`, absolute. */
  readonly lightningDir: string;
  /** The RPC socket: a name within {@link lightningDir}, or an absolute path. */
  readonly rpcFile: string;
  /** True at the node's start, false for `plugin start`. */
  readonly startup: boolean;
  /** bitcoin, testnet, testnet4, signet, regtest, ... */
  readonly network: string;
  /** Feature bits in hexadecimal by place (init, node, channel, invoice, ...). */
  readonly featureSet: Readonly<Record<string, string>>;
  /** lightningd's proxy settings as sent; undefined without a proxy. */
  readonly proxy:
    | { readonly type: string; readonly address: string; readonly port: number }
    | undefined;
  readonly alwaysUseProxy: boolean;
  readonly torv3Enabled: boolean;
}

const decode = object({
  'lightning-dir': text(),
  'rpc-file': text(),
  startup: optional(boolean),
  network: text(),
  feature_set: optional(anyJson),
  proxy: optional(anyJson),
  always_use_proxy: optional(boolean),
  'torv3-enabled': optional(boolean),
});

/** Reads `configuration` of `init`. Throws DecodeError. */
export function decodeConfiguration(input: unknown): Configuration {
  const raw = decode(input);
  return {
    lightningDir: raw['lightning-dir'],
    rpcFile: raw['rpc-file'],
    startup: raw.startup ?? true,
    network: raw.network,
    featureSet: texts(raw.feature_set),
    proxy: proxyOf(raw.proxy),
    alwaysUseProxy: raw.always_use_proxy ?? false,
    torv3Enabled: raw['torv3-enabled'] ?? false,
  };
}

function texts(input: unknown): Readonly<Record<string, string>> {
  const entries = isJsonObject(input) ? Object.entries(input) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function proxyOf(input: unknown): Configuration['proxy'] {
  if (!isJsonObject(input)) {
    return undefined;
  }
  const { type, address, port } = input;
  return typeof address === 'string' && typeof port === 'number'
    ? { type: typeof type === 'string' ? type : '', address, port }
    : undefined;
}
