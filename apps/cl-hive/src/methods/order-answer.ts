import { CodedError, type JsonObject } from '@cl-hive/core';
import type { OpeningView } from '../openings/opening-desk.ts';
import { openingJson } from '../openings/opening-json.ts';

/** Why something was not done, as originals name it: in `error`. */
function refusal(code: string, message: string, remedy: string | undefined): JsonObject {
  return { error: code, message, ...(remedy === undefined ? {} : { remedy }) };
}

/** The answer to a request of a person: where it stands, or in `error` why it was refused. */
export function orderAnswer(view: OpeningView): JsonObject {
  if (view.state === 'refused') {
    const { code = 'refused', message = 'It was refused.', remedy } = view.reason ?? {};
    return refusal(code, message, remedy);
  }
  return openingJson(view);
}

/** What `work` answers, or in `error` why it did nothing; anything but a refusal is thrown on. */
export async function answered(work: () => Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CodedError) || !REFUSALS.has(error.code)) {
      throw error;
    }
    const { reason, action_id: id } = error.data;
    const code = typeof reason === 'string' ? reason : error.code;
    const about = typeof id === 'number' ? { action_id: id } : {};
    return { ...refusal(code, error.message, error.remedy), ...about };
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['action_unknown', 'action_over', 'action_refused']);
