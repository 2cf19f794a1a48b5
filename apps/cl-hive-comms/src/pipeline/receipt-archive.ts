import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import {
  type Anchor,
  addCheckpoint,
  type ChainHead,
  chainHead,
  exportLine,
  listReceipts,
  listUnsigned,
  pruneReceipts,
  ReceiptVerifier,
  receiptSigningText,
  type SignedReceipt,
  signReceipt,
  type VerifyReport,
} from '@cl-hive/comms';
import { CodedError } from '@cl-hive/core';
import type { AdminParts } from './admin.ts';

/** What a {@link ReceiptArchive} works with. */
export interface ArchiveParts extends AdminParts {
  readonly rpc: Pick<RpcClient, 'call'>;
  /** The folder of exports; made when it is first needed. */
  readonly folder: string;
}

/** Receipts that are read from the database at a time. */
const PAGE = 500;

/** Receipts signed in one go; the next go takes the rest. */
const SIGN_MAX = 200;

/** Rounds of signing before an export; what comes faster than that stays in its unsigned tail. */
const SIGN_ROUNDS_MAX = 50;

/** An unsigned tail longer than this is a fault: the node signs within seconds. */
export const UNSIGNED_TAIL_MAX = 64;

/** Faults after which a verification stops. */
export const FAULTS_MAX = 100;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Node's own SHA-256, much faster than a portable one over 100,000 receipts. */
export function nativeSha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}

/** The chain of receipts: signed, read, exported, verified, pruned. */
export class ReceiptArchive {
  readonly #parts: ArchiveParts;
  #signing: Promise<number> | undefined;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  head(): Promise<ChainHead> {
    return chainHead(this.#parts.store.reader);
  }

  /** Receipts from `from` on, at most `limit`. */
  page(from: number, limit: number): Promise<readonly SignedReceipt[]> {
    return listReceipts(this.#parts.store.reader, from, limit);
  }

  /** How many receipts wait for the node's signature, counted up to a thousand. */
  async unsigned(): Promise<number> {
    return (await listUnsigned(this.#parts.store.reader, 1000)).length;
  }

  /** Has lightningd sign what waits for it; gives how many. One run at a time. */
  sign(): Promise<number> {
    this.#signing ??= this.#sign().finally(() => {
      this.#signing = undefined;
    });
    return this.#signing;
  }

  async #sign(): Promise<number> {
    const { store, rpc, node } = this.#parts;
    const waiting = await listUnsigned(store.reader, SIGN_MAX);
    const signed: { readonly seq: number; readonly zbase: string }[] = [];
    try {
      for (const { seq, digest } of waiting) {
        const message = receiptSigningText(node, seq, digest);
        const { zbase } = await rpc.call(signmessage, { message });
        signed.push({ seq, zbase });
      }
    } finally {
      if (signed.length > 0) {
        await store.transact(async (tx) => {
          for (const { seq, zbase } of signed) {
            await signReceipt(tx, seq, zbase);
          }
        });
      }
    }
    return signed.length;
  }

  /** Signs also what was written while the run under way had already looked. */
  async signAll(): Promise<void> {
    await this.sign();
    for (let rounds = 0; rounds < SIGN_ROUNDS_MAX && (await this.sign()) > 0; rounds += 1) {
      // The next round takes the rest.
    }
  }

  async *#all(): AsyncGenerator<SignedReceipt> {
    let from = 1;
    for (;;) {
      const page = await this.page(from, PAGE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) {
        return;
      }
      from = last.seq + 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Verifies the chain in the database. */
  async verify(signatures: 'all' | 'seals', anchors: readonly Anchor[]): Promise<VerifyReport> {
    const { node } = this.#parts;
    const options = {
      node,
      signatures,
      anchors,
      unsignedTailMax: UNSIGNED_TAIL_MAX,
      faultsMax: FAULTS_MAX,
    };
    const verifier = new ReceiptVerifier(options, undefined, nativeSha256);
    for await (const receipt of this.#all()) {
      verifier.line(exportLine(receipt));
      if (verifier.full) {
        break;
      }
    }
    return verifier.report();
  }

  /**
   * Writes the chain into a file of the export folder, whole or not at all. Throws CodedError
   * `export_name`, `export_exists`, and what the file system says.
   */
  async export(
    name: string | undefined,
  ): Promise<{ readonly file: string; readonly receipts: number; readonly head: Anchor }> {
    const { folder } = this.#parts;
    await this.signAll();
    const file = path.join(folder, exportName(name ?? `receipts-${(await this.head()).seq}.jsonl`));
    const draft = `${file}.draft`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'w', 0o600);
    let receipts = 0;
    let head: Anchor = await this.head();
    try {
      for await (const receipt of this.#all()) {
        await handle.write(`${exportLine(receipt)}\n`);
        receipts += 1;
        head = { seq: receipt.seq, digest: receipt.digest };
      }
      await handle.sync();
      await handle.close();
      await rename(draft, file);
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(draft, { force: true });
      throw error;
    }
    return { file, receipts, head };
  }

  /**
   * Removes all receipts from the database after they were verified and exported; the chain goes on
   * from a signed checkpoint. Throws CodedError `receipts_damaged`, and what an export throws.
   */
  async prune(
    name: string | undefined,
  ): Promise<{ readonly file: string; readonly pruned: number; readonly checkpoint: number }> {
    const { store, clock, node, wrote } = this.#parts;
    const report = await this.verify('seals', []);
    const [fault] = report.faults;
    if (fault !== undefined) {
      throw new CodedError('receipts_damaged', `nothing was pruned: ${fault.message}`, {
        remedy: 'export the chain as it is (hive-client-receipts export), and look into it',
      });
    }
    const seal = await store.transact((tx) => addCheckpoint(tx, 'prune', clock.now(), node));
    if (seal === undefined) {
      throw new CodedError('receipts_none', 'there is nothing to prune');
    }
    await this.signAll();
    const { file } = await this.export(name);
    const pruned = await store.transact((tx) => pruneReceipts(tx, seal.seq));
    wrote();
    return { file, pruned, checkpoint: seal.seq };
  }
}

function exportName(name: string): string {
  if (!NAME.test(name) || name.endsWith('.draft')) {
    throw new CodedError('export_name', `${JSON.stringify(name.slice(0, 100))} is no file name`, {
      remedy: 'use letters, digits, ".", "_" and "-": exports go to a folder of their own',
    });
  }
  return name;
}
