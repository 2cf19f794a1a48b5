/** The five dimensions of danger, each from 1 (none) to 10 (worst), in the registry's order. */
export const DANGER_DIMENSIONS = [
  'reversibility',
  'financial_exposure',
  'time_sensitivity',
  'blast_radius',
  'recovery_difficulty',
] as const;

/** One dimension's name. */
export type DangerDimension = (typeof DANGER_DIMENSIONS)[number];

/** A score from 1 to 10 in each dimension. */
export type DangerScores = Readonly<Record<DangerDimension, number>>;

/** The danger of what the registry does not know. */
export const UNKNOWN_DANGER = 9;

/** The danger of an action: its worst dimension. */
export function dangerScore(scores: DangerScores): number {
  return Math.max(...DANGER_DIMENSIONS.map((dimension) => scores[dimension]));
}
