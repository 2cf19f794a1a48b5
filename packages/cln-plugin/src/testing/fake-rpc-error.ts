import { isJsonObject, type JsonValue } from '@cl-hive/core';

/** An error that a command of the fake lightningd, or a plugin behind it, answers. */
export class FakeRpcError extends Error {
  readonly code: number;
  readonly data: JsonValue | undefined;

  constructor(code: number, message: string, data?: JsonValue) {
    super(message);
    this.name = 'FakeRpcError';
    this.code = code;
    this.data = data;
  }
}

/** The text that a JSON value is, or nothing. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A JSON-RPC error object as an error. */
export function errorOf(error: JsonValue): FakeRpcError {
  const { code, message, data } = isJsonObject(error) ? error : {};
  return new FakeRpcError(Number(code ?? 0), textOf(message), data);
}
