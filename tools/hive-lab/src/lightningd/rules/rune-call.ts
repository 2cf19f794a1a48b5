import { itemTexts, memberSpans, rawKind, rawText } from './json-members.ts';
import type { RuneAlternative } from './rune.ts';
import { alternativeFault, type RuneField } from './rune-check.ts';

/** What a rune is checked against. */
export interface RuneCall {
  /** Unix milliseconds. */
  readonly now: number;
  readonly nodeId: string | undefined;
  readonly method: string | undefined;
  /** The call's params as JSON text: an object or array. */
  readonly params: string | undefined;
  /** Unix milliseconds of the rune's last use; undefined when it was never used or is unknown. */
  readonly lastUsed: number | undefined;
  readonly readInvoice: (text: string) => InvoiceFields | { readonly fault: string };
}

/** What restrictions on an invoice parameter see. */
export interface InvoiceFields {
  readonly amountMsat: bigint | undefined;
  readonly description: string | undefined;
  readonly nodeId: string | undefined;
}

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;
const U32_MAX = 0xffff_ffffn;
const U64_MAX = (1n << 64n) - 1n;

const PER_UNIT: Readonly<Record<string, bigint>> = {
  '': NS_PER_S,
  sec: NS_PER_S,
  nsec: 1n,
  usec: 1000n,
  msec: NS_PER_MS,
  min: 60n * NS_PER_S,
  hour: 3600n * NS_PER_S,
  day: 86_400n * NS_PER_S,
};

/** Gives the fields of one call to the restrictions that name them. */
export class RuneFields {
  readonly #call: RuneCall;
  #named: ReadonlyMap<string, string> | undefined;

  constructor(call: RuneCall) {
    this.#call = call;
  }

  of(alternative: RuneAlternative): RuneField {
    const { now, nodeId, method } = this.#call;
    switch (alternative.field) {
      case 'time':
        return { kind: 'integer', integer: BigInt(Math.floor(now / 1000)) };
      case 'id':
        return optionalText(nodeId);
      case 'method':
        return optionalText(method);
      case 'pnum':
        return { kind: 'integer', integer: BigInt(this.#count()) };
      case 'rate':
        return { kind: 'judged', fault: this.#rate(alternative) };
      case 'per':
        return { kind: 'judged', fault: this.#per(alternative) };
      default:
        return this.#param(alternative);
    }
  }

  #count(): number {
    const { params } = this.#call;
    if (params === undefined) {
      return 0;
    }
    return rawKind(params) === 'array' ? itemTexts(params).length : memberSpans(params).size;
  }

  #tooSoon(intervalNs: bigint): string | undefined {
    const { now, lastUsed } = this.#call;
    if (lastUsed === undefined) {
      return undefined;
    }
    const passed = BigInt(Math.max(0, Math.floor(now - lastUsed))) * NS_PER_MS;
    return passed < intervalNs ? 'too soon' : undefined;
  }

  #rate({ condition, value }: RuneAlternative): string | undefined {
    if (condition !== '=') {
      return 'rate operator must be =';
    }
    const rate = /^\d+$/.test(value) ? BigInt(value) : 0n;
    return rate === 0n || rate >= U32_MAX
      ? 'malformed rate'
      : this.#tooSoon((60n * NS_PER_S) / rate);
  }

  #per({ condition, value }: RuneAlternative): string | undefined {
    if (condition !== '=') {
      return 'per operator must be =';
    }
    const match = /^(\d+)(.*)$/s.exec(value);
    const count = BigInt(match?.[1] ?? 0);
    if (count === 0n || count >= U32_MAX) {
      return 'malformed per';
    }
    const unit = match?.[2] ?? '';
    const scale = Object.hasOwn(PER_UNIT, unit) ? PER_UNIT[unit] : undefined;
    if (scale === undefined) {
      return 'malformed suffix';
    }
    return count * scale > U64_MAX ? 'per overflow' : this.#tooSoon(count * scale);
  }

  #param(alternative: RuneAlternative): RuneField {
    this.#named ??= namedParams(this.#call.params);
    if (alternative.field.startsWith('pinv')) {
      return { kind: 'judged', fault: this.#invoice(alternative, this.#named) };
    }
    const raw = this.#named.get(alternative.field);
    if (raw === undefined) {
      return { kind: 'missing' };
    }
    return rawKind(raw) === 'primitive' && /^-?\d{1,19}$/.test(raw)
      ? { kind: 'integer', integer: BigInt(raw) }
      : { kind: 'text', text: rawText(raw) };
  }

  #invoice(alternative: RuneAlternative, named: ReadonlyMap<string, string>): string | undefined {
    const field = alternative.field.slice('pinv'.length);
    const match = /^(.*)_(amount|description|node)$/s.exec(field);
    if (match === null) {
      return `Unknown invoice field ${field}`;
    }
    const raw = named.get(`pname${match[1]}`);
    if (raw === undefined) {
      return `Unknown invoice parameter ${match[1]}`;
    }
    const invoice = this.#call.readInvoice(rawText(raw).replace(/^lightning:/i, ''));
    if ('fault' in invoice) {
      return `Invalid invoice: ${invoice.fault}`;
    }
    return alternativeFault(alternative, invoiceField(invoice, match[2]));
  }
}

function invoiceField(invoice: InvoiceFields, name: string | undefined): RuneField {
  switch (name) {
    case 'amount':
      return invoice.amountMsat === undefined
        ? { kind: 'missing' }
        : { kind: 'integer', integer: invoice.amountMsat };
    case 'description':
      return optionalText(invoice.description);
    default:
      return optionalText(invoice.nodeId);
  }
}

function optionalText(text: string | undefined): RuneField {
  return text === undefined ? { kind: 'missing' } : { kind: 'text', text };
}

/** Params as restrictions name them: `pname<name>`, also without punctuation, and `parr<index>`. */
function namedParams(params: string | undefined): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const add = (name: string, raw: string): void => {
    if (!named.has(name)) {
      named.set(name, raw);
    }
  };
  if (params !== undefined && rawKind(params) === 'array') {
    for (const [i, item] of itemTexts(params).entries()) {
      add(`parr${i}`, item);
    }
  } else if (params !== undefined) {
    for (const [name, { start, end }] of memberSpans(params)) {
      const raw = params.slice(start, end);
      add(`pname${name}`, raw);
      add(`pname${name.replaceAll(/[!-/:-@[-`{-~]/g, '')}`, raw);
    }
  }
  return named;
}
