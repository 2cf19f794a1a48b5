import { DANGER_DIMENSIONS, type DangerScores, dangerScore } from './danger.ts';
import { ACTION_EFFECTS, type Effect } from './effect.ts';
import {
  OPTIONAL_PARAMS,
  OWN_DECODERS,
  OWN_OPTIONAL,
  PARAM_DECODERS,
  type ParamDecoder,
} from './params.ts';
import { MANAGEMENT_SCHEMAS } from './schemas.gen.ts';

/** Tiers of permission, each including those before it. */
export const TIERS = ['monitor', 'standard', 'advanced', 'admin'] as const;

/** One tier of permission. */
export type Tier = (typeof TIERS)[number];

/** JSON type of a parameter. */
export type ParamType = 'string' | 'integer' | 'array' | 'object';

/** One parameter of an action. */
export interface ParamSpec {
  readonly name: string;
  readonly type: ParamType;
  readonly required: boolean;
  readonly decode: ParamDecoder;
}

/** One action of a management schema. */
export interface ActionSpec {
  readonly schema: string;
  readonly action: string;
  readonly tier: Tier;
  readonly scores: DangerScores;
  /** The worst of the scores, 1 to 10. */
  readonly danger: number;
  readonly effect: Effect;
  readonly params: ReadonlyMap<string, ParamSpec>;
}

interface RawAction {
  readonly tier: Tier;
  readonly danger: readonly [number, number, number, number, number];
  readonly params: Readonly<Record<string, ParamType>>;
}

function scoresOf(danger: RawAction['danger']): DangerScores {
  const entries = DANGER_DIMENSIONS.map((dimension, index) => [dimension, danger[index]]);
  return Object.freeze(Object.fromEntries(entries) as Record<keyof DangerScores, number>);
}

function paramOf(key: string, name: string, type: ParamType): ParamSpec {
  const own = `${key} ${name}`;
  const decode = OWN_DECODERS.get(own) ?? PARAM_DECODERS.get(name);
  if (decode === undefined) {
    throw new RangeError(`the parameter ${own} has no rule`);
  }
  const optional = OWN_OPTIONAL.get(own) ?? OPTIONAL_PARAMS.has(name);
  return Object.freeze({ name, type, required: !optional, decode });
}

function actionOf(schema: string, action: string, raw: RawAction): ActionSpec {
  const key = `${schema} ${action}`;
  const scores = scoresOf(raw.danger);
  const effect = ACTION_EFFECTS.get(key) ?? (raw.tier === 'monitor' ? 'read' : undefined);
  if (effect === undefined) {
    throw new RangeError(`the action ${key} has no effect class`);
  }
  return Object.freeze({
    schema,
    action,
    tier: raw.tier,
    scores,
    danger: dangerScore(scores),
    effect,
    params: new Map(
      Object.entries(raw.params).map(([name, type]) => [name, paramOf(key, name, type)]),
    ),
  });
}

/** Every schema with its actions, by exact name; nothing else is ever looked up or folded. */
export const MANAGEMENT_REGISTRY: ReadonlyMap<string, ReadonlyMap<string, ActionSpec>> = new Map(
  Object.entries(
    MANAGEMENT_SCHEMAS as Readonly<Record<string, Readonly<Record<string, RawAction>>>>,
  ).map(([schema, actions]) => [
    schema,
    new Map(
      Object.entries(actions).map(([action, raw]) => [action, actionOf(schema, action, raw)]),
    ),
  ]),
);

/** The action of that exact name, or undefined. */
export function findAction(schema: string, action: string): ActionSpec | undefined {
  return MANAGEMENT_REGISTRY.get(schema)?.get(action);
}

/** Whether a grant of tier `held` covers an action of tier `asked`. */
export function tierCovers(held: Tier, asked: Tier): boolean {
  return TIERS.indexOf(held) >= TIERS.indexOf(asked);
}
