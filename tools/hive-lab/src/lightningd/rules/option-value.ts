/** Kinds of option; `msat` only of lightningd itself, the others also of plugins. */
export type OptionType = 'string' | 'string-conceal' | 'int' | 'bool' | 'flag' | 'msat';

const INTEGER = /^[+-]?(?:0[xX][0-9a-fA-F]+|\d+)$/;
const I64_MAX = (1n << 63n) - 1n;
const TRUE = /^(?:yes|true)$/i;
const FALSE = /^(?:no|false)$/i;

/** What is wrong with an option's value, in lightningd's words; undefined when nothing is. */
export function optionFault(type: OptionType, value: string): string | undefined {
  if (type === 'int') {
    const digits = value.trimStart();
    if (!INTEGER.test(digits)) {
      return `'${value}' is not a number`;
    }
    const amount = BigInt(digits.replace(/^[+-]/, ''));
    const outside = digits.startsWith('-') ? amount > I64_MAX + 1n : amount > I64_MAX;
    return outside ? `'${value}' is out of range` : undefined;
  }
  if (type === 'bool' && !TRUE.test(value) && !FALSE.test(value)) {
    return `Invalid argument '${value}'`;
  }
  return undefined;
}

/** Whether lightningd can print a value as a bare JSON literal; where not it exits ("Bad literal"). */
export function isLiteral(value: string): boolean {
  return value === 'true' || value === 'false' || /^[-0-9.]+$/.test(value);
}

/** An option's value as the JSON text that `init` and `listconfigs` carry. */
export function optionJson(type: OptionType, value: string): string {
  switch (type) {
    case 'int':
    case 'msat':
      return value;
    case 'bool':
      return TRUE.test(value) ? 'true' : 'false';
    case 'flag':
      return 'true';
    case 'string':
    case 'string-conceal':
      return JSON.stringify(value);
  }
}
