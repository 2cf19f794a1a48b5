/**
 * An error that a program can act on: `code` is stable and from a closed list of its package,
 * `message` is a sentence for people, `data` says what was wrong as values, `remedy` what to do.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly data: Readonly<Record<string, unknown>>;
  readonly remedy: string | undefined;

  constructor(
    code: Code,
    message: string,
    options: {
      readonly data?: Readonly<Record<string, unknown>>;
      readonly remedy?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.code = code;
    this.data = options.data ?? {};
    this.remedy = options.remedy;
  }
}

/** Whether `value` is a {@link CodedError}, and, where `code` is given, one with that code. */
export function isCodedError<Code extends string>(
  value: unknown,
  code?: Code,
): value is CodedError<Code> {
  return value instanceof CodedError && (code === undefined || value.code === code);
}

/** One line that describes anything that was thrown; never throws itself. */
export function describeError(value: unknown): string {
  if (value instanceof Error) {
    return value.message === '' ? value.name : value.message;
  }
  try {
    return String(value);
  } catch {
    return 'a thrown value that has no text form';
  }
}
