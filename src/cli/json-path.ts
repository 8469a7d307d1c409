/** The paths by which violations say where something stands. */

/** The steps of `spec.volumes[0].name` or `metadata.labels[example.com/a]`: names, indexes and keys, all as text. */
export function stepsOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([step, inBrackets]) => inBrackets ?? step);
}
