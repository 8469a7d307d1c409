/** The paths by which violations say where something stands. */

/**
 * The steps of `spec.volumes[0].name` or `metadata.labels[example.com/a]`: names, indexes and keys, all as text. A bracket that nothing
 * closes goes to the end: looked for from each of many, the other one would take hours.
 */
export function stepsOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]*)(?:\]|$)|[^.[\]]+/g)].map(([step, inBrackets]) => inBrackets ?? step);
}
