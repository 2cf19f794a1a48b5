/** A refusal as mints give it: HTTP 400 with `code` and `detail` (NUT-00). */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, detail: string) {
    super(detail);
    this.name = 'Refusal';
    this.code = code;
  }
}
