const VERSION = /^v?(\d+(?:\.\d+){0,2})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Whether a text is a version; one to three numbers, as advisories write them. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Orders two versions as Semantic Versioning 2.0.0 does; build metadata does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) {
      return Math.sign(difference);
    }
  }
  if (left.pre === undefined || right.pre === undefined) {
    return Number(left.pre === undefined) - Number(right.pre === undefined);
  }
  return comparePre(left.pre.split('.'), right.pre.split('.'));
}

function split(version: string): { readonly numbers: readonly number[]; readonly pre?: string } {
  const [, core = '', pre] = VERSION.exec(version) ?? [];
  return { numbers: core.split('.').map(Number), ...(pre === undefined ? {} : { pre }) };
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) {
      return left === undefined ? -1 : 1;
    }
    const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (left !== right) {
      if (leftNumber && rightNumber) {
        return Math.sign(Number(left) - Number(right));
      }
      return leftNumber === rightNumber ? (left < right ? -1 : 1) : leftNumber ? -1 : 1;
    }
  }
  return 0;
}
