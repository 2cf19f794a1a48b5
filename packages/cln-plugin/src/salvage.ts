import { endOfString } from '@cl-hive/core';

/** What can be known of a message that is not valid JSON as a whole. */
export interface Salvaged {
  readonly id: string | undefined;
  readonly method: string | undefined;
}

/**
 * The `id` and `method` of a message that is not valid JSON as a whole, found by counting brackets,
 * so that its caller can be answered, and a hook with the only kind of answer that it may get.
 * Only members of the outermost object whose value is a text count. lightningd itself forwards such
 * messages (`lightning-cli cmd 007` sends a bare 007), also within `rpc_command`.
 */
export function salvage(text: string): Salvaged {
  const found: { id: string | undefined; method: string | undefined } = {
    id: undefined,
    method: undefined,
  };
  let depth = 0;
  let key = '';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      const end = endOfString(text, at);
      if (end === text.length) {
        return found;
      }
      if (depth === 1) {
        const value = unquote(text.slice(at, end + 1));
        if (nextIsColon(text, end + 1)) {
          key = value ?? '';
        } else if (key === 'id' || key === 'method') {
          found[key] = value ?? found[key];
          key = '';
        }
      }
      at = end;
    } else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
      key = '';
    } else if (unit === 0x7d || unit === 0x5d) {
      depth -= 1;
    } else if (unit === 0x2c) {
      key = '';
    }
  }
  return found;
}

function nextIsColon(text: string, start: number): boolean {
  let at = start;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) {
    at += 1;
  }
  return text.charAt(at) === ':';
}

function unquote(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
