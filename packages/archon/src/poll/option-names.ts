/** Letters that look like another, by what they are taken for; after NFKC and lower case. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аαɑ',
    b: 'Ььв',
    c: 'сϲ',
    d: 'ԁ',
    e: 'еєε',
    f: 'ƒ',
    g: 'ɡց',
    h: 'һн',
    j: 'јϳ',
    k: 'кκ',
    l: '1iı|ӏіιї',
    m: 'м',
    n: 'пηո',
    o: '0оοσօ',
    p: 'рρ',
    q: 'ԛ',
    r: 'г',
    s: 'ѕ',
    t: 'тτ',
    u: 'υս',
    v: 'ѵν',
    w: 'ԝωш',
    x: 'хχ×',
    y: 'уγү',
    z: 'ᴢ',
    '-': '‐‑‒–—−',
    "'": '’‘`´',
  }).flatMap(([plain, others]) => Array.from(others, (other) => [other, plain] as const)),
);

/** Controls, invisible characters, halves of surrogate pairs, private and unassigned code points. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;
const MARKS = /\p{M}/gu;
const SPACES = /\s+/gu;

/** Whether a text shows all that it holds: nothing invisible, normalized (NFKC), no space around it. */
export function isPlainLine(text: string): boolean {
  return !UNSEEN.test(text) && text === plainLine(text);
}

/** A text as a person reads it: NFKC, one space for many, none around it. */
export function plainLine(text: string): string {
  return text.normalize('NFKC').replace(SPACES, ' ').trim();
}

/** What an option looks like: two with the same are one to whoever reads them (Unicode TS 39). */
export function optionSkeleton(option: string): string {
  const plain = plainLine(option).normalize('NFKD').replace(MARKS, '').toLowerCase();
  return Array.from(plain.replace(SPACES, ''), (char) => LOOKALIKES.get(char) ?? char).join('');
}

/** Characters as people count them. */
export function codePoints(text: string): number {
  return Array.from(text).length;
}
