/** Half-channels grouped by the node that they leave, in two columns. */
export function adjacency(
  nodeCount: number,
  ends: Int32Array,
): { readonly starts: Uint32Array; readonly outgoing: Uint32Array } {
  const starts = new Uint32Array(nodeCount + 1);
  for (let half = 0; half < ends.length; half += 1) {
    const node = ends[half] ?? -1;
    if (node >= 0) {
      starts[node + 1] = (starts[node + 1] ?? 0) + 1;
    }
  }
  for (let node = 0; node < nodeCount; node += 1) {
    starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0);
  }
  const outgoing = new Uint32Array(starts[nodeCount] ?? 0);
  const next = starts.slice();
  for (let half = 0; half < ends.length; half += 1) {
    const node = ends[half] ?? -1;
    if (node >= 0) {
      const at = next[node] ?? 0;
      outgoing[at] = half;
      next[node] = at + 1;
    }
  }
  return { starts, outgoing };
}
