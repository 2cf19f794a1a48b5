/** The channels of a ring of `nodes`: each to the next one, the last to the first; by node number. */
export function ringPairs(nodes: number): readonly (readonly [from: number, to: number])[] {
  if (nodes < 2) {
    return [];
  }
  const pairs = Array.from({ length: nodes }, (_, i) => [i + 1, ((i + 1) % nodes) + 1] as const);
  // Two nodes are a ring with one channel.
  return nodes === 2 ? pairs.slice(0, 1) : pairs;
}
