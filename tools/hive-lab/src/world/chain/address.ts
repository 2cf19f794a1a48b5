import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { bech32, bech32m } from '@scure/base';

/** Address prefix by network (BIP 173). */
const PREFIX: Readonly<Record<string, string>> = {
  bitcoin: 'bc',
  testnet: 'tb',
  testnet4: 'tb',
  signet: 'tb',
  regtest: 'bcrt',
};

/** The prefix of segwit addresses and, after `ln`, of invoices on `network`. */
export function networkPrefix(network: string): string {
  return PREFIX[network] ?? 'bcrt';
}

/** The segwit address of a locking script (version 0 or 1), in hexadecimal. */
export function scriptToAddress(script: string, network: string): string {
  const version = script.startsWith('51') ? 1 : 0;
  const codec = version === 0 ? bech32 : bech32m;
  return codec.encode(networkPrefix(network), [
    version,
    ...codec.toWords(hexToBytes(script.slice(4))),
  ]);
}

/** The locking script of a segwit address of `network`, or undefined for anything else. */
export function addressToScript(address: string, network: string): string | undefined {
  for (const [codec, versions] of [
    [bech32, [0]],
    [bech32m, [1]],
  ] as const) {
    const decoded = codec.decodeUnsafe(address, 90);
    const version = decoded?.words[0];
    if (
      decoded !== undefined &&
      decoded.prefix === networkPrefix(network) &&
      version !== undefined &&
      (versions as readonly number[]).includes(version)
    ) {
      const program = codec.fromWordsUnsafe(decoded.words.slice(1));
      if (
        program !== undefined &&
        (program.length === 32 || (version === 0 && program.length === 20))
      ) {
        return witnessScript(version, Uint8Array.from(program));
      }
    }
  }
  return undefined;
}

/** The locking script of a witness program, in hexadecimal. */
export function witnessScript(version: number, program: Uint8Array): string {
  return `${version === 0 ? '00' : '51'}${program.length.toString(16).padStart(2, '0')}${bytesToHex(program)}`;
}
