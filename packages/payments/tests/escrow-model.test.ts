import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePayer,
  decodeReceiver,
  type PayerCommand,
  type PayerTicket,
  payerToJson,
  planTicket,
  type ReceiverCommand,
  type ReceiverTicket,
  receiverToJson,
  type SwapOutcome,
  stepPayer,
  stepReceiver,
  type TicketTerms,
  takeTicket,
} from '../src/index.ts';
import { earning, LOCKTIME, NOW, secretOf, TICKETS } from './tickets.ts';

/** How a call of the mint goes: whether it gets there, and whether its answer comes back. */
const FATES = ['answered', 'answer_lost', 'call_lost', 'refused'] as const;
type Fate = (typeof FATES)[number];

type Holder = 'nobody' | 'payer' | 'receiver';

/** Payer, receiver and a mint that enforces locks, with messages and answers that get lost. */
class World {
  readonly terms: TicketTerms;
  payer: PayerTicket;
  receiver: ReceiverTicket | undefined;
  now = NOW;
  locked = false;
  readonly owners: Holder[];
  swaps = 0;
  readonly told = new Set<number>();
  #fates: Fate[];

  constructor(terms: TicketTerms, fates: readonly Fate[]) {
    this.terms = terms;
    this.payer = planTicket(terms);
    this.owners = terms.parts.map(() => 'nobody');
    this.#fates = [...fates];
  }

  /** From here on nothing gets lost. */
  calm(): void {
    this.#fates = [];
  }

  #fate(): Fate {
    return this.#fates.pop() ?? 'answered';
  }

  /** A crash: what is on disk is all there is, and whoever starts looks. */
  restart(): void {
    this.payer = decodePayer(payerToJson(this.payer));
    this.tellPayer({ kind: 'look' });
    if (this.receiver !== undefined) {
      this.receiver = decodeReceiver(receiverToJson(this.receiver));
      this.tellReceiver({ kind: 'look' });
    }
  }

  tellPayer(event: Parameters<typeof stepPayer>[1]): void {
    const step = stepPayer(this.payer, event, this.now);
    this.payer = step.state;
    step.commands.forEach((command) => {
      this.#forPayer(command);
    });
  }

  tellReceiver(event: Parameters<typeof stepReceiver>[1]): void {
    if (this.receiver !== undefined) {
      const step = stepReceiver(this.receiver, event);
      this.receiver = step.state;
      step.commands.forEach((command) => {
        this.#forReceiver(command);
      });
    }
  }

  /** A swap at the mint by `who`, under its rules; what the caller hears of it. */
  #swap(part: number, who: 'payer' | 'receiver'): SwapOutcome {
    const fate = this.#fate();
    if (fate === 'call_lost') {
      return 'unknown';
    }
    const allowed = who === 'receiver' || this.now >= this.terms.locktime;
    if (this.owners[part] !== 'nobody') {
      return fate === 'answer_lost' ? 'unknown' : this.owners[part] === who ? 'done' : 'spent';
    }
    if (!allowed || fate === 'refused') {
      return 'failed';
    }
    this.owners[part] = who;
    this.swaps += 1;
    return fate === 'answer_lost' ? 'unknown' : 'done';
  }

  #look(part: number, who: Holder): SwapOutcome {
    if (this.#fate() !== 'answered') {
      return 'unknown';
    }
    const owner = this.owners[part];
    return owner === who ? 'done' : owner === 'nobody' ? 'failed' : 'spent';
  }

  #lock(): 'done' | 'failed' | 'unknown' {
    const fate = this.#fate();
    if (fate === 'refused' || fate === 'call_lost') {
      return fate === 'refused' ? 'failed' : 'unknown';
    }
    this.locked = true;
    return fate === 'answered' ? 'done' : 'unknown';
  }

  #forPayer(command: PayerCommand): void {
    switch (command.kind) {
      case 'lock':
        this.tellPayer({ kind: 'locked', outcome: this.#lock() });
        return;
      case 'look_lock':
        if (this.#fate() === 'answered') {
          this.tellPayer({ kind: 'locked', outcome: this.locked ? 'done' : 'failed' });
        }
        return;
      case 'hand_over':
        if (this.receiver === undefined && this.#fate() === 'answered') {
          expect(this.locked).toBe(true);
          this.receiver = takeTicket(this.terms).state;
          this.tellReceiver({ kind: 'checked', good: true });
        }
        return;
      case 'reveal':
        this.told.add(command.part);
        if (this.#fate() === 'answered') {
          const preimage = secretOf(command.part);
          this.tellReceiver({ kind: 'secret', part: command.part, preimage });
        }
        return;
      case 'swap_refund':
      case 'look_refund': {
        const { part } = command;
        const outcome =
          command.kind === 'look_refund' ? this.#look(part, 'payer') : this.#swap(part, 'payer');
        this.tellPayer({ kind: 'refund_swapped', part, outcome });
        return;
      }
      case 'ask_mint':
        if (this.#fate() === 'answered') {
          const spent = this.owners[command.part] !== 'nobody';
          this.tellPayer({ kind: 'mint_says', part: command.part, spent });
        }
        return;
      case 'alert':
        throw new Error('the receiver spent what was not released');
      case 'receipt':
        return;
    }
  }

  #forReceiver(command: ReceiverCommand): void {
    switch (command.kind) {
      case 'swap_redeem':
      case 'look_redeem': {
        const { part } = command;
        if (command.kind === 'swap_redeem') {
          expect(this.told.has(part)).toBe(true);
        }
        const outcome =
          command.kind === 'look_redeem'
            ? this.#look(part, 'receiver')
            : this.#swap(part, 'receiver');
        this.tellReceiver({ kind: 'redeem_swapped', part, outcome });
        return;
      }
      case 'ask_mint':
        if (this.#fate() === 'answered') {
          const spent = this.owners[command.part] !== 'nobody';
          this.tellReceiver({ kind: 'mint_says', part: command.part, spent });
        }
        return;
      default:
        return;
    }
  }
}

type Act =
  | { readonly do: 'evidence' | 'refund'; readonly part: number }
  | { readonly do: 'restart' | 'later' | 'look' | 'tell_again' | 'fund' };

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constantFrom('evidence' as const, 'refund' as const),
    part: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({
    do: fc.constantFrom(
      'restart' as const,
      'later' as const,
      'look' as const,
      'tell_again' as const,
      'fund' as const,
    ),
  }),
);

function play(world: World, act: Act): void {
  switch (act.do) {
    case 'evidence':
      if (act.part < world.terms.parts.length) {
        const evidence = earning(world.terms, act.part);
        world.tellPayer({ kind: 'evidence', part: act.part, evidence });
      }
      return;
    case 'refund':
      world.tellPayer({ kind: 'refund', part: act.part });
      return;
    case 'restart':
      world.restart();
      return;
    case 'later':
      world.now = world.now < LOCKTIME ? LOCKTIME : world.now + 8 * 86_400;
      return;
    case 'look':
      world.tellPayer({ kind: 'look' });
      world.tellReceiver({ kind: 'look' });
      return;
    default:
      world.tellPayer({ kind: act.do });
  }
}

function holds({ payer, receiver, owners, terms, locked, swaps }: World): void {
  terms.parts.forEach((_, at) => {
    const owner = owners[at];
    if (payer.parts[at]?.at === 'refunded') {
      expect(owner).toBe('payer');
    }
    if (payer.parts[at]?.at === 'spent') {
      expect(owner).toBe('receiver');
    }
    if (receiver?.parts[at]?.at === 'redeemed') {
      expect(owner).toBe('receiver');
    }
    if (receiver?.parts[at]?.at === 'taken_back') {
      expect(owner).toBe('payer');
    }
    if (owner === 'payer') {
      expect(['refunding', 'refunded']).toContain(payer.parts[at]?.at);
    }
  });
  if (payer.funding === 'unfunded') {
    expect(locked).toBe(false);
  }
  expect(swaps).toBeLessThanOrEqual(terms.parts.length);
}

/** Nothing gets lost any more: everything that is not over comes to its end. */
function settle(world: World): void {
  world.now = LOCKTIME + 30 * 86_400;
  for (let round = 0; round < 4; round += 1) {
    world.restart();
    world.tellPayer({ kind: 'tell_again' });
    world.payer.parts.forEach((_, part) => {
      world.tellPayer({ kind: 'refund', part });
    });
    world.restart();
  }
  expect(['planned', 'unfunded', 'funded']).toContain(world.payer.funding);
  for (const { at } of world.payer.parts) {
    expect(['refunded', 'spent']).toContain(at);
  }
}

describe('payer, receiver and mint', () => {
  it('ST-16: whatever gets lost, each sees as its own only what the mint gave it, and all ends', () => {
    const seen = { refunded: 0, redeemed: 0, unfunded: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(TICKETS)),
        fc.array(fc.constantFrom(...FATES), { maxLength: 30 }),
        fc.array(acts, { maxLength: 30 }),
        (terms, fates, script) => {
          const world = new World(terms, fates);
          for (const act of [{ do: 'fund' } as const, ...script]) {
            play(world, act);
            holds(world);
          }
          seen.unfunded += world.payer.funding === 'unfunded' ? 1 : 0;
          world.calm();
          settle(world);
          holds(world);
          seen.refunded += world.owners.filter((owner) => owner === 'payer').length;
          seen.redeemed += world.owners.filter((owner) => owner === 'receiver').length;
        },
      ),
      { numRuns: 600, seed: 8 },
    );
    expect(Math.min(seen.refunded, seen.redeemed, seen.unfunded)).toBeGreaterThan(20);
  });
});
