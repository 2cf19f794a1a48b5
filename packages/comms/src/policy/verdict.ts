/** What is decided about an action, from mild to strict. */
export const VERDICTS = ['allow', 'needs_approval', 'refuse'] as const;

/** What is decided about an action. */
export type Verdict = (typeof VERDICTS)[number];

/** Whether `a` is at least as strict as `b`. */
export function atLeastAsStrict(a: Verdict, b: Verdict): boolean {
  return VERDICTS.indexOf(a) >= VERDICTS.indexOf(b);
}
