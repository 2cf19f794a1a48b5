import { CodedError, type JsonObject } from '@cl-hive/core';
import type { OpeningView } from '../openings/opening-desk.ts';
import { openingJson } from '../openings/opening-json.ts';

/** The answer to a request of a person: where it stands. Throws CodedError with why it was refused. */
export function orderAnswer(view: OpeningView): JsonObject {
  if (view.state === 'refused') {
    const { code = 'refused', message = 'refused', remedy } = view.reason ?? {};
    throw new CodedError(code, message, remedy === undefined ? {} : { remedy });
  }
  return openingJson(view);
}
