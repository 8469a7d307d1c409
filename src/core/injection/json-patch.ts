/** The difference between two JSON values as a JSON patch (RFC 6902). */
import { isRecord } from '../record.ts';

export type PatchOperation =
  { op: 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string };

/**
 * What has to be done to `before` to make it `after`. Objects and lists are entered, so that a patch touches nothing
 * that did not change; a list that lost entries is replaced as a whole.
 */
export function jsonPatch(before: unknown, after: unknown, path = ''): PatchOperation[] {
  // Most of what is filled into shares nearly all of its parts with what it was before, and they may be megabytes.
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after) && after.length >= before.length) {
    return after.flatMap((value: unknown, index): PatchOperation[] =>
      index < before.length
        ? jsonPatch(before[index], value, `${path}/${index}`)
        : [{ op: 'add', path: `${path}/-`, value }],
    );
  }
  if (isRecord(before) && isRecord(after)) return objectPatch(before, after, path);
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ op: 'replace', path, value: after }];
}

function objectPatch(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  path: string,
): PatchOperation[] {
  const removed = Object.keys(before)
    .filter((key) => own(after, key) === undefined && before[key] !== undefined)
    .map((key): PatchOperation => ({ op: 'remove', path: `${path}/${escaped(key)}` }));
  const others = Object.entries(after).flatMap(([key, value]): PatchOperation[] => {
    if (value === undefined) return [];
    const at = `${path}/${escaped(key)}`;
    const old = own(before, key);
    return old === undefined ? [{ op: 'add', path: at, value }] : jsonPatch(old, value, at);
  });
  return [...removed, ...others];
}

/** Keys are anybody's, and every object inherits some, such as `toString`. */
function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** RFC 6901: `~` and `/` within a key. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
