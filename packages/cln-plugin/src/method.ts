import type { MethodCall, None, Topics } from './context.ts';
import { refuse } from './errors.ts';
import type { Deprecation, Options } from './options/option.ts';
import type { Params, ParamValues } from './params/param.ts';
import { checkParams } from './params/parse.ts';
import { isReservedMethod } from './reserved-names.ts';

/**
 * Serves one call. The result must be an object (or nothing, for `{}`); bigints go out as bare
 * integers, and `'format-hint': 'simple'` makes lightning-cli print flat text.
 */
export type MethodHandler<P extends Params, O extends Options, T extends Topics> = (
  params: ParamValues<P>,
  call: MethodCall<O, T>,
  // oxlint-disable-next-line typescript/no-invalid-void-type
) => object | void | Promise<object | void>;

/** One RPC method. Parsing, usage, `check`, `filter` and errors follow from `params`. */
export type MethodSpec<
  P extends Params = None,
  O extends Options = None,
  T extends Topics = None,
> = {
  /** A sentence for people; lightningd shows only the usage. */
  readonly description: string;
  /** In the order of positional arguments. */
  readonly params?: P;
  readonly deprecated?: Deprecation;
  /** More checks of well-typed parameters, without effects; also run for `check`. Throws MethodError. */
  readonly check?: (params: ParamValues<P>) => void | Promise<void>;
} & (
  | { readonly handle: MethodHandler<P, O, T>; readonly load?: never }
  /** Loads the handler on its first call, so that its imports do not slow the node's start. */
  | {
      readonly load: () => Promise<{ readonly handle: MethodHandler<P, O, T> }>;
      readonly handle?: never;
    }
);

/** Types a method that is declared in a file of its own. */
export function method<P extends Params = None, O extends Options = None, T extends Topics = None>(
  spec: MethodSpec<P, O, T>,
): MethodSpec<P, O, T> {
  return spec;
}

type Run = (params: never, call: never) => unknown;

/** A method as the runner sees it: its types were checked where it was declared. */
export interface AnyMethod {
  readonly description: string;
  readonly params: Params;
  readonly deprecated: Deprecation | undefined;
  readonly check: ((params: never) => unknown) | undefined;
  /** The handler; loaded at most once, again after a load that failed. */
  readonly handler: () => Run | Promise<Run>;
}

/** Forgets the types of a method. */
export function anyMethod<P extends Params, O extends Options, T extends Topics>(
  spec: MethodSpec<P, O, T>,
): AnyMethod {
  let loading: Promise<Run> | undefined;
  const { handle, load } = spec;
  const handler = (): Run | Promise<Run> => {
    if (handle !== undefined) {
      return handle;
    }
    loading ??= load().then(
      (module) => module.handle,
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  return {
    description: spec.description,
    params: spec.params ?? {},
    deprecated: spec.deprecated,
    check: spec.check,
    handler,
  };
}

/** Refuses a method that lightningd would refuse, or die of. */
export function checkMethod(name: string, spec: AnyMethod): void {
  const bad = (what: string, remedy: string): never =>
    refuse('definition_method', `method ${name}: ${what}`, remedy);
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) {
    bad('the name is not lower case letters, digits, - and _', 'rename it');
  }
  if (isReservedMethod(name)) {
    bad(
      'Core Lightning has a command of that name, and would crash',
      'choose a name that starts with your prefix',
    );
  }
  if (typeof spec.description !== 'string' || spec.description.trim() === '') {
    bad('the description is missing', 'say in a sentence what it does');
  }
  checkParams(name, spec.params);
}
