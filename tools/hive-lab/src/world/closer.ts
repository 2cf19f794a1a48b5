import { makeTransaction, type Transaction, type TxOutput } from './chain/transaction.ts';
import { type Channel, isUsable } from './channel.ts';
import type { ChannelLife } from './channel-life.ts';
import type { SideNumber } from './ledger.ts';
import type { WorldState } from './state.ts';
import type { Treasury } from './treasury.ts';
import { DUST_SAT } from './wallet.ts';

/** Fees of closing transactions: of both sides' agreement, and of a commitment with anchors. */
const MUTUAL_FEE_SAT = 151n;
const COMMITMENT_FEE_SAT = 1_735n;

/** Makes the transactions that end channels. */
export class Closer {
  readonly #state: WorldState;
  readonly #life: ChannelLife;
  readonly #treasury: Treasury;

  constructor(state: WorldState, life: ChannelLife, treasury: Treasury) {
    this.#state = state;
    this.#life = life;
    this.#treasury = treasury;
  }

  /** Begins a mutual close: no new HTLCs from here on. */
  shutDown(channel: Channel): void {
    const [{ state }] = channel.sides;
    if (isUsable(channel) || state === 'CHANNELD_AWAITING_LOCKIN') {
      this.#life.move(
        channel,
        'CHANNELD_SHUTTING_DOWN',
        'user',
        'User or plugin invoked close command',
        'CHANNELD_SHUTTING_DOWN:Waiting for HTLCs to be settled',
      );
    }
  }

  /** Ends a channel without HTLCs by agreement. */
  mutual(channel: Channel, by: SideNumber): Transaction {
    const feeSat = (MUTUAL_FEE_SAT * BigInt(Math.max(253, channel.feePerKw / 5))) / 253n;
    this.#life.move(channel, 'CLOSINGD_SIGEXCHANGE', 'user', 'Start closingd');
    const transaction = this.#make(channel, feeSat);
    channel.closing = { by, kind: 'mutual', txid: transaction.txid, feeSat };
    this.#life.move(
      channel,
      'CLOSINGD_COMPLETE',
      'user',
      'Closing complete',
      `CLOSINGD_SIGEXCHANGE:We agreed on a closing fee of ${feeSat} satoshi for tx:${transaction.txid}`,
    );
    this.#treasury.submit(transaction);
    return transaction;
  }

  /** Ends a channel with the last commitment; HTLCs that were still open must have been ended. */
  unilateral(channel: Channel, by: SideNumber): Transaction {
    const transaction = this.#make(channel, COMMITMENT_FEE_SAT);
    channel.closing = {
      by,
      kind: 'unilateral',
      txid: transaction.txid,
      feeSat: COMMITMENT_FEE_SAT,
    };
    this.#life.move(
      channel,
      'AWAITING_UNILATERAL',
      'user',
      'Forced close by `close` command',
      'AWAITING_UNILATERAL:Attempting to close unilaterally',
    );
    this.#treasury.submit(transaction);
    return transaction;
  }

  /** Both sides' parts, the fee taken from the opener; parts that would be dust are left out. */
  #make(channel: Channel, feeSat: bigint): Transaction {
    const outputs = ([0, 1] as const).flatMap((side): TxOutput[] => {
      const sat = channel.ledger.balances[side] / 1000n - (side === 0 ? feeSat : 0n);
      return sat < DUST_SAT ? [] : [{ sat, script: channel.sides[side].closeTo }];
    });
    const input = { txid: channel.fundingTxid, vout: channel.fundingOutnum };
    return makeTransaction([input], outputs, this.#state.chain.height);
  }
}
