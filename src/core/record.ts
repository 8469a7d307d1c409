/** What can be told of a JSON value of which nothing is known. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As the API server takes a field that is null. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/**
 * The value of an object's label, whatever the object is; undefined where it has none. One that is null is empty, as the API
 * server takes it, and one that is no text is none: what has it is no object that could be stored.
 */
export function labelOf(object: unknown, label: string): string | undefined {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  const labels = isRecord(metadata) ? metadata['labels'] : undefined;
  const value = isRecord(labels) && Object.hasOwn(labels, label) ? labels[label] : undefined;
  if (value === null) return '';
  return typeof value === 'string' ? value : undefined;
}
