import { cashuError } from './errors.ts';
import type { BlindSignature, MintClient } from './mint-client.ts';
import type { MintDesk } from './mint-desk.ts';
import type { Operation } from './operation.ts';
import { blindedMessage, type Output, unblind } from './outputs.ts';
import { breathe } from './parts.ts';
import type { CashuProof } from './proof.ts';

/** Makes proofs of a mint's signatures, those it gives and those it gave before. */
export class Harvest {
  readonly #desk: MintDesk;

  constructor(desk: MintDesk) {
    this.#desk = desk;
  }

  /** The proofs behind signatures, in the order of the outputs. Throws `mint_lies`. */
  async unblind(
    { mint }: Operation,
    outputs: readonly Output[],
    signatures: readonly BlindSignature[],
  ): Promise<readonly CashuProof[]> {
    if (signatures.length !== outputs.length) {
      throw cashuError('mint_lies', 'the mint signed less than it was asked for', 'use another');
    }
    const keysets = await this.#desk.keysets(mint);
    const proofs: CashuProof[] = [];
    for (const [index, output] of outputs.entries()) {
      const signature = signatures[index];
      const keyset = keysets.get(output.keyset);
      if (signature === undefined || keyset === undefined) {
        throw cashuError('mint_lies', 'the mint signed something else', 'use another');
      }
      proofs.push(unblind(output, signature, keyset));
      await breathe();
    }
    return proofs;
  }

  /** All proofs that the mint signed for an operation; undefined when it signed none. */
  async restore(
    { mint }: Operation,
    client: MintClient,
    outputs: readonly Output[],
  ): Promise<readonly CashuProof[] | undefined> {
    const proofs = await this.restoreSome(client, mint, outputs);
    if (proofs.length > 0 && proofs.length < outputs.length) {
      throw cashuError(
        'mint_lies',
        'the mint signed a part of what it was asked for',
        'use another',
      );
    }
    return proofs.length === 0 ? undefined : proofs;
  }

  /** The proofs that the mint signed among these outputs. */
  async restoreSome(
    client: MintClient,
    mint: string,
    outputs: readonly Output[],
  ): Promise<readonly CashuProof[]> {
    const signatures = await client.restore(outputs.map(blindedMessage));
    const keysets = await this.#desk.keysets(mint);
    const proofs: CashuProof[] = [];
    for (const [index, output] of outputs.entries()) {
      const signature = signatures[index];
      const keyset = keysets.get(output.keyset);
      if (signature !== undefined && keyset !== undefined) {
        proofs.push(unblind(output, signature, keyset));
        await breathe();
      }
    }
    return proofs;
  }
}
