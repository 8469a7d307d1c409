/** Where two values of JSON differ first, in words. */

/** @returns `spec.failurePolicy is "Ignore", and was installed as "Fail"`; undefined where they are the same */
export function firstDifference(installed: unknown, found: unknown, path = ''): string | undefined {
  if (isFields(installed) && isFields(found)) {
    for (const key of new Set([...Object.keys(installed), ...Object.keys(found)])) {
      const difference = firstDifference(installed[key], found[key], below(path, key));
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (Array.isArray(installed) && Array.isArray(found)) {
    for (let index = 0; index < Math.max(installed.length, found.length); index++) {
      const difference = firstDifference(installed[index], found[index], `${path}[${index}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return installed === found
    ? undefined
    : `${path} is ${shown(found)}, and was installed as ${shown(installed)}`;
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param key a name, which may have dots in it: `webhooks[pods.taskgrant.dev]` */
export function below(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** An expression of CEL can be a page long; where it differs is enough to go and look. */
const MOST_CHARACTERS = 120;

function shown(value: unknown): string {
  if (value === undefined) return 'not there';
  const text = JSON.stringify(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…` : text;
}
