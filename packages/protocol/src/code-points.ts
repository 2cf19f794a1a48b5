const ILL_FORMED = /\p{Surrogate}/u;

/** Orders texts by Unicode code point, as Python does; UTF-16 order differs above U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; ) {
    const left = a.codePointAt(at) ?? 0;
    const right = b.codePointAt(at) ?? 0;
    if (left !== right) {
      return left - right;
    }
    at += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}

/** Whether `text` is Unicode: no half of a surrogate pair stands alone, so UTF-8 holds it. */
export function isWellFormed(text: string): boolean {
  return !ILL_FORMED.test(text);
}
