/** Whether `text` has no lone surrogate, so that its UTF-8 says exactly what it says. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
