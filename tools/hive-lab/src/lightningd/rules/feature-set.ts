import { bytesToHex, hexToBytes } from '@cl-hive/core';

/** Feature bits by place, in hexadecimal, most significant byte first (BOLT 9). */
export class FeatureSet {
  readonly #bits: Map<string, Uint8Array>;

  constructor(bits: Readonly<Record<string, string>>) {
    this.#bits = new Map(
      Object.entries(bits).map(([place, hex]) => [place, hexToBytes(hex).reverse()]),
    );
  }

  /** Whether any of these features is there already, in its optional or compulsory form. */
  hasAny(place: string, hex: string): boolean {
    const ours = this.#bits.get(place) ?? new Uint8Array();
    return hexToBytes(hex)
      .reverse()
      .some((byte, i) => (bothForms(byte) & (ours[i] ?? 0)) !== 0);
  }

  add(bits: Readonly<Record<string, string>>): void {
    this.#change(bits, (ours, theirs) => ours | theirs);
  }

  remove(bits: Readonly<Record<string, string>>): void {
    this.#change(bits, (ours, theirs) => ours & ~theirs);
  }

  toHex(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Array.from(this.#bits, ([place, bits]) => {
        const used = bits.findLastIndex((byte) => byte !== 0) + 1;
        return [place, bytesToHex(Uint8Array.from(bits.subarray(0, used)).reverse())];
      }),
    );
  }

  #change(
    bits: Readonly<Record<string, string>>,
    combine: (ours: number, theirs: number) => number,
  ): void {
    for (const [place, hex] of Object.entries(bits)) {
      const theirs = hexToBytes(hex).reverse();
      const ours = this.#bits.get(place) ?? new Uint8Array();
      const next = new Uint8Array(Math.max(ours.length, theirs.length));
      for (let i = 0; i < next.length; i += 1) {
        next[i] = combine(ours[i] ?? 0, theirs[i] ?? 0) & 0xff;
      }
      this.#bits.set(place, next);
    }
  }
}

/** Each set bit together with its partner: features come in pairs. */
function bothForms(byte: number): number {
  return byte | ((byte & 0x55) << 1) | ((byte & 0xaa) >> 1);
}
