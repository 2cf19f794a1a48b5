import { p } from '@cl-hive/cln-plugin';
import { DecodeError } from '@cl-hive/core';

/** The number of an action, or `all`, which is also what no number means to the original's scripts. */
export const ACTION_PARAM = p
  .custom<number | 'all'>((input) => {
    const number = typeof input === 'string' && /^\d{1,15}$/.test(input) ? Number(input) : input;
    if (input === 'all' || (typeof number === 'number' && Number.isSafeInteger(number))) {
      return number as number | 'all';
    }
    throw new DecodeError('the number of an action, or all', input);
  }, 'its number, see hive-pending-actions; or all')
  .default('all');
