import { DecodeError, type Decoder, isJsonObject } from '@cl-hive/core';
import { expected, type Params, type ParamValues } from './param.ts';

/** An array of `min` to `max` items. */
export function listOf<T>(item: Decoder<T>, min: number, max: number): Decoder<readonly T[]> {
  return (input) => {
    if (!Array.isArray(input)) {
      return expected('an array', input);
    }
    if (input.length < min || input.length > max) {
      return expected(`an array of ${min} to ${max} items`, input);
    }
    return input.map((value: unknown, index) => within(index, () => item(value)));
  };
}

/** An object of exactly the declared members. */
export function shapeOf<S extends Params>(members: S): Decoder<ParamValues<S>> {
  return (input) => {
    if (!isJsonObject(input)) {
      return expected('an object', input);
    }
    const unknown = Object.keys(input).find((key) => !Object.hasOwn(members, key));
    if (unknown !== undefined) {
      throw new DecodeError(
        `no member of that name (known: ${Object.keys(members).join(', ')})`,
        input[unknown],
      ).under(unknown);
    }
    const values: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(members)) {
      const given = Object.hasOwn(input, key) ? input[key] : undefined;
      if (given !== undefined && given !== null) {
        values[key] = within(key, () =>
          (member.secret ? hidden(member.decode) : member.decode)(given),
        );
      } else if (member.presence === 'defaulted') {
        values[key] = member.fallback;
      } else if (member.presence === 'required') {
        throw new DecodeError('a value', given).under(key);
      }
    }
    return values as ParamValues<S>;
  };
}

function within<T>(key: string | number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DecodeError ? error.under(key) : error;
  }
}

/** `decode` without the value in what it throws. */
function hidden<T>(decode: Decoder<T>): Decoder<T> {
  return (input) => {
    try {
      return decode(input);
    } catch (error) {
      throw error instanceof DecodeError ? new DecodeError(error.expected, '[secret]') : error;
    }
  };
}
