/** A NIP-01 filter; times in Unix seconds. */
export interface Filter {
  readonly ids?: readonly string[];
  readonly authors?: readonly string[];
  readonly kinds?: readonly number[];
  readonly '#p'?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
}
