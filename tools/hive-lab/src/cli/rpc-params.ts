import {
  CodedError,
  isCodedError,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@cl-hive/core';

/** How parameters are given: `name=value`, in order, or as lightning-cli guesses from the first. */
export type ParamStyle = 'keywords' | 'ordered' | 'guess';

/**
 * The parameters of a call from the words of a command line, by lightning-cli's rules: numbers,
 * `true`, `false`, `null`, `{…}`, `[…]` and `"…"` are JSON, anything else is text; digits with a
 * leading zero are text, as they may be hexadecimal. Throws CodedError `bad_params`.
 */
export function parseRpcParams(
  words: readonly string[],
  style: ParamStyle,
): JsonObject | readonly JsonValue[] {
  const [first] = words;
  const named = style === 'keywords' || (style === 'guess' && (first?.includes('=') ?? false));
  if (!named) {
    return words.map(parseWord);
  }
  const params: [string, JsonValue][] = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals <= 0) {
      throw new CodedError('bad_params', `"${word}" is not name=value`, {
        remedy: 'name every parameter (label=x description=y), or none; -o takes them in order',
      });
    }
    return [word.slice(0, equals), parseWord(word.slice(equals + 1))];
  });
  const names = new Set(params.map(([name]) => name));
  if (names.size !== params.length) {
    throw new CodedError('bad_params', 'a parameter is given twice');
  }
  return Object.fromEntries(params);
}

function parseWord(word: string): JsonValue {
  if (!isLiteral(word)) {
    return word;
  }
  try {
    return parseJson(word);
  } catch (error) {
    if (!isCodedError(error)) {
      throw error;
    }
    // lightning-cli also passes 1.2.3 and the like on, for lightningd to refuse.
    if (/^[\d.]+$/.test(word)) {
      return word;
    }
    throw new CodedError('bad_params', `${word} looks like JSON but is not: ${error.message}`, {
      cause: error,
      remedy: 'quote it for the shell: \'["a", 1]\'',
    });
  }
}

function isLiteral(word: string): boolean {
  if (word === '' || /^0\d+$/.test(word)) {
    return false;
  }
  return (
    /^[\d.]+$/.test(word) ||
    word === 'true' ||
    word === 'false' ||
    word === 'null' ||
    /^\{[^]*\}$/.test(word) ||
    /^\[[^]*\]$/.test(word) ||
    /^"[^]*"$/.test(word)
  );
}
