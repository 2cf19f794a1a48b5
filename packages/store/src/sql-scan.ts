/** A piece of SQL: a name (quotes taken off), or any other single character. Texts and comments are gone. */
interface Token {
  readonly kind: 'name' | 'sign';
  readonly text: string;
}

const PIECES =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"((?:[^"]|"")*)"|\[([^\]]*)\]|`([^`]*)`|([\p{L}_][\p{L}\p{N}_$]*)|\S/gu;

function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(PIECES)) {
    const quoted = match[1]?.replaceAll('""', '"') ?? match[2] ?? match[3];
    const name = quoted ?? match[4];
    if (name !== undefined) {
      tokens.push({ kind: 'name', text: name.toLowerCase() });
    } else if (match[0].length === 1) {
      tokens.push({ kind: 'sign', text: match[0] });
    }
  }
  return tokens;
}

/** Words after which a table's name may stand. */
const INTRODUCERS = new Set(['from', 'join', 'into', 'update', 'table', 'references', 'view']);
const FILLERS = new Set([
  'if',
  'not',
  'exists',
  'only',
  'or',
  'replace',
  'abort',
  'fail',
  'ignore',
  'rollback',
]);

/**
 * The names, in lower case, that stand where a statement names a table to read, write, create, change
 * or refer to; schema-qualified ones as `schema.table`. Also finds those that running the statement
 * does not: bodies of triggers and views, targets of REFERENCES, and `if exists`. May name too much,
 * never too little, for the statements of SQLite.
 */
export function namedTables(sql: string): readonly string[] {
  const tokens = tokenize(sql);
  const defined = commonTables(tokens);
  const found = new Set<string>();
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'name' && introduces(tokens, at)) {
      for (const name of namesAfter(tokens, at)) {
        if (!defined.has(name)) {
          found.add(name);
        }
      }
    }
  }
  return [...found];
}

/** Names that WITH defines. */
function commonTables(tokens: readonly Token[]): ReadonlySet<string> {
  const names = new Set<string>();
  if (!tokens.some((token) => token.text === 'with')) {
    return names;
  }
  for (const [at, token] of tokens.entries()) {
    if (token.text === 'as' && tokens[at + 1]?.text === '(') {
      const name = tokens[nameBefore(tokens, at)];
      if (name?.kind === 'name') {
        names.add(name.text);
      }
    }
  }
  return names;
}

/** Index of the name before `name (columns) as` or `name as`. */
function nameBefore(tokens: readonly Token[], as: number): number {
  let at = as - 1;
  if (tokens[at]?.text === ')') {
    while (at > 0 && tokens[at]?.text !== '(') {
      at -= 1;
    }
    at -= 1;
  }
  return at;
}

function introduces(tokens: readonly Token[], at: number): boolean {
  const text = tokens[at]?.text ?? '';
  const before = tokens[at - 1]?.text;
  const after = tokens[at + 1]?.text;
  if (text === 'on') {
    return isIndexOrTrigger(tokens, at);
  }
  if (text === 'update') {
    // `on update cascade`, `do update set`, `after update on`, `update of column on`.
    return before !== 'on' && after !== 'set' && after !== 'on' && after !== 'of';
  }
  if (text === 'from') {
    return before !== 'distinct';
  }
  return INTRODUCERS.has(text);
}

/** Whether this ON names the table of an index or trigger: it is the statement's first one. */
function isIndexOrTrigger(tokens: readonly Token[], at: number): boolean {
  const start = tokens.slice(0, at).map((token) => token.text);
  return (
    start[0] === 'create' &&
    start.slice(1, 4).some((text) => text === 'index' || text === 'trigger') &&
    !start.includes('on')
  );
}

function namesAfter(tokens: readonly Token[], introducer: number): readonly string[] {
  const names: string[] = [];
  let at = introducer + 1;
  for (;;) {
    while (FILLERS.has(tokens[at]?.text ?? '')) {
      at += 1;
    }
    const first = tokens[at];
    if (first?.kind !== 'name') {
      return names;
    }
    let name = first.text;
    at += 1;
    if (tokens[at]?.text === '.') {
      name += `.${tokens[at + 1]?.text ?? ''}`;
      at += 2;
    }
    const isFunction = tokens[introducer]?.text === 'from' && tokens[at]?.text === '(';
    if (!isFunction) {
      names.push(name);
    }
    const comma = nextComma(tokens, at);
    if (tokens[introducer]?.text !== 'from' || comma === undefined) {
      return names;
    }
    at = comma + 1;
  }
}

/** Index of the comma that separates a table of a FROM list, with or without alias, from the next. */
function nextComma(tokens: readonly Token[], at: number): number | undefined {
  for (let next = at; next < at + 3; next += 1) {
    if (tokens[next]?.text === ',') {
      return next;
    }
    if (tokens[next]?.kind !== 'name') {
      return undefined;
    }
  }
  return undefined;
}
