const UNSAFE = /["\\]|[^ -~]/g;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escapeUnit(unit: string): string {
  return SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * `text` between the quotes of a JSON text, escaped as Python's `json.dumps` does by default: every
 * UTF-16 unit outside U+0020 to U+007E as lower-case `\uXXXX`, U+007F and lone surrogates included.
 */
export function escapedText(text: string): string {
  return text.replace(UNSAFE, escapeUnit);
}
