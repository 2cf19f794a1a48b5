import { makesecret, type RpcClient } from '@cl-hive/cln-rpc';
import { hexToBytes } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';

/** A key pair of secp256k1: 32 bytes, and 33 (compressed). */
export interface KeyPair {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * The keys of this node, all from lightningd's own secret (`makesecret`): one label for each purpose and
 * version, so that the same node has the same keys without any database.
 */
export class OwnKeys {
  readonly #rpc: Pick<RpcClient, 'call'>;

  constructor(rpc: Pick<RpcClient, 'call'>) {
    this.#rpc = rpc;
  }

  /** The key `#key-<keyNumber>` of the node's identity `identity`, both from 1. */
  async didKey(identity: number, keyNumber: number): Promise<KeyPair> {
    const secret = await this.secret(`did-key/v1/${identity}/${keyNumber}`);
    return { secret, publicKey: nobleCurve.publicKey(secret) };
  }

  /** The key under which imported secrets are stored. */
  sealKey(): Promise<Uint8Array> {
    return this.secret('seal/v1');
  }

  /** 32 bytes for a purpose, the same for the same node and purpose. */
  async secret(purpose: string): Promise<Uint8Array> {
    const { secret } = await this.#rpc.call(makesecret, { string: `cl-hive-archon/${purpose}` });
    return hexToBytes(secret);
  }
}
