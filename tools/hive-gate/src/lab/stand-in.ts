/** How a runbook's node is run. */
export type InstallKind = 'container' | 'manual';

/** What the page calls the node. */
export const CONTAINER = 'cln';
const UNIT = 'lightningd';

/** What a stand-in does for the words that it was called with. */
export type StandIn =
  | { readonly kind: 'answer'; readonly exit: number; readonly output: string }
  /** Starts or stops the node, then prints `output`. */
  | { readonly kind: 'turn'; readonly to: 'up' | 'down'; readonly output: string }
  /** Runs another program with these words. */
  | { readonly kind: 'run'; readonly words: readonly string[] }
  | { readonly kind: 'lightning-cli'; readonly words: readonly string[] };

const answer = (exit: number, output: string): StandIn => ({ kind: 'answer', exit, output });

/** Programs that stand in on the machine itself; a container's node has its own inside. */
export const PROGRAMS: Readonly<Record<InstallKind, readonly string[]>> = {
  container: ['docker'],
  manual: ['lightning-cli', 'systemctl'],
};

/** What the real program would do, as far as runbooks use it; whatever else is refused by name. */
export function standIn(program: string, words: readonly string[], up: boolean): StandIn {
  switch (program) {
    case 'lightning-cli':
      return { kind: 'lightning-cli', words };
    case 'systemctl':
      return systemctl(words, up);
    case 'docker':
      return docker(words, up);
    default:
      return answer(127, `${program}: not found\n`);
  }
}

function systemctl(words: readonly string[], up: boolean): StandIn {
  const [verb = '', unit = '', ...rest] = words;
  if (!/^lightningd(?:\.service)?$/.test(unit) || rest.length > 0) {
    return answer(verb === 'is-active' ? 4 : 5, `Unit ${unit} could not be found.\n`);
  }
  switch (verb) {
    case 'stop':
      return up ? { kind: 'turn', to: 'down', output: '' } : answer(0, '');
    case 'start':
      return up ? answer(0, '') : { kind: 'turn', to: 'up', output: '' };
    case 'is-active':
      return up ? answer(0, 'active\n') : answer(3, 'inactive\n');
    default:
      return answer(1, `systemctl ${verb} ${UNIT} has no stand-in\n`);
  }
}

function docker(words: readonly string[], up: boolean): StandIn {
  const [verb = '', ...rest] = words;
  switch (verb) {
    case 'stop':
    case 'start':
      return turn(verb, rest, up);
    case 'inspect':
      return inspect(rest, up);
    case 'cp':
      return copy(rest);
    case 'exec':
      return inside(rest, up);
    default:
      return answer(1, `docker ${verb} has no stand-in\n`);
  }
}

const noContainer = (name: string): StandIn =>
  answer(1, `Error response from daemon: No such container: ${name}\n`);

function turn(
  verb: 'stop' | 'start',
  [name = '', ...rest]: readonly string[],
  up: boolean,
): StandIn {
  if (name !== CONTAINER || rest.length > 0) {
    return noContainer(name);
  }
  const output = `${CONTAINER}\n`;
  if (up === (verb === 'start')) {
    return answer(0, output);
  }
  return { kind: 'turn', to: verb === 'start' ? 'up' : 'down', output };
}

function inspect(words: readonly string[], up: boolean): StandIn {
  const [flag, format, name = '', ...rest] = words;
  if (!/^(?:-f|--format)$/.test(flag ?? '') || format !== '{{.State.Status}}' || rest.length > 0) {
    return answer(1, `docker inspect ${words.join(' ')} has no stand-in\n`);
  }
  return name === CONTAINER ? answer(0, up ? 'running\n' : 'exited\n') : noContainer(name);
}

/** Between the machine and the container; its folders are mounted at the same paths. */
function copy(words: readonly string[]): StandIn {
  const places = words.map((word) => /^([\w-]+):(.*)$/.exec(word));
  const named = places.filter((place) => place !== null);
  if (words.length !== 2 || named.length !== 1) {
    return answer(1, 'must specify at least one container source\n');
  }
  const [, name = ''] = named[0] ?? [];
  return name === CONTAINER
    ? { kind: 'run', words: ['cp', '-R', ...words.map((word, at) => places[at]?.[2] ?? word)] }
    : noContainer(name);
}

function inside(words: readonly string[], up: boolean): StandIn {
  const at = words.findIndex((word) => !/^-[it]+$/.test(word));
  const [name = '', program = '', ...rest] = words.slice(Math.max(at, 0));
  if (name !== CONTAINER) {
    return noContainer(name);
  }
  if (!up) {
    return answer(1, `Error response from daemon: container ${CONTAINER} is not running\n`);
  }
  if (program === 'lightning-cli') {
    return { kind: 'lightning-cli', words: rest };
  }
  return program === 'docker' || program === 'systemctl'
    ? answer(127, `exec: "${program}": executable file not found in $PATH\n`)
    : { kind: 'run', words: [program, ...rest] };
}
