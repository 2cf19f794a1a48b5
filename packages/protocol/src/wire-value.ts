/**
 * A number that its sender wrote with a fraction or an exponent: a float to Python, which writes
 * `1.0` and signs `1.0` where an integer is `1`.
 */
export class JsonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A JSON value that keeps what Python would: integers of any size, and floats apart from integers. */
export type WireValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | JsonFloat
  | readonly WireValue[]
  | WireObject;

/** A JSON object of {@link WireValue}s, members in their sender's order. */
export type WireObject = { readonly [key: string]: WireValue };

/** Whether `value` is a {@link WireObject}: neither null, nor an array, nor a float. */
export function isWireObject(value: unknown): value is WireObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof JsonFloat)
  );
}

/** The member `key` of `object`, never an inherited one. */
export function member(object: WireObject, key: string): WireValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
