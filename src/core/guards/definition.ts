/**
 * Whether a CustomResourceDefinition still holds what this version wants of it: a spec that cannot be changed, an end that nothing leads
 * back from, and the bounds of everything. Newer ones say more, and stay where a release is rolled back; so what is there besides is
 * left alone, and how it is shown.
 */
import type { CustomResourceDefinition } from '../../api/kubernetes.ts';
import { below, firstDifference, isFields } from './difference.ts';

/** @returns what is missing, or another, with its path; undefined where nothing is */
export function definitionLacks(
  wanted: CustomResourceDefinition,
  found: CustomResourceDefinition | undefined,
): string | undefined {
  if (!found) return 'it is gone';
  const { strategy } = found.spec.conversion ?? {};
  if (strategy !== undefined && strategy !== 'None') return `spec.conversion.strategy is ${strategy}`;
  const known = new Set(wanted.spec.versions.map(({ name }) => name));
  const stranger = found.spec.versions.find(({ name, served }) => served && !known.has(name));
  // What is written through another version is judged by that one's schema, and its status by no rule of ours.
  if (stranger)
    return `spec.versions has ${stranger.name}, which is served, and of which this version of TaskGrant knows nothing`;
  const lack = lacks(whatHolds(wanted), whatHolds(found), 'spec');
  return lack && `${lack} is not as this version wants it`;
}

function whatHolds({ spec: { group, scope, versions } }: CustomResourceDefinition) {
  return {
    group,
    scope,
    versions: versions.map(({ name, served, storage, subresources, schema }) => ({
      ...{ name, served, storage, schema },
      // By a scale, maxPods could be changed without a TaskGrant being asked for.
      subresources: {
        status: subresources?.status !== undefined,
        scale: subresources?.scale !== undefined,
      },
    })),
  };
}

/** What people read, and nothing is judged by. */
const TEXTS: readonly string[] = ['description', 'message'];

/** What takes bounds away by being there; where it stands is a schema, which says its type. */
const OPENING = [
  'default',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
] as const;

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false;
}

function lacks(wanted: unknown, found: unknown, path: string): string | undefined {
  if (isFields(wanted)) {
    const opened = isFields(found)
      ? OPENING.find((key) => wanted[key] === undefined && isSet(found[key]))
      : undefined;
    if (opened !== undefined && typeof wanted['type'] === 'string') return below(path, opened);
    for (const [key, value] of Object.entries(wanted)) {
      if (TEXTS.includes(key) && typeof value === 'string') continue;
      const there = isFields(found) ? found[key] : undefined;
      const place = below(path, key);
      const lack = key === 'default' ? isAnother(value, there, place) : lacks(value, there, place);
      if (lack !== undefined) return lack;
    }
    return undefined;
  }
  if (Array.isArray(wanted)) {
    const there: readonly unknown[] = Array.isArray(found) ? found : [];
    for (const one of wanted) {
      const name = identityOf(one);
      const same = there.find((other) => identityOf(other) === name);
      const lack = lacks(one, same, below(path, name));
      if (lack !== undefined) return lack;
    }
    return undefined;
  }
  // What is so anyway, Go leaves out (omitempty).
  return wanted === found || (wanted === false && found === undefined) ? undefined : path;
}

/** Of a default, more is not as good: it would be given to whoever says nothing. */
function isAnother(wanted: unknown, found: unknown, path: string): string | undefined {
  return firstDifference(wanted, found) === undefined ? undefined : path;
}

/** By what a version, a rule or a value of an enum is told from others of its list. */
function identityOf(one: unknown): string {
  if (!isFields(one)) return JSON.stringify(one);
  return JSON.stringify(one['name'] ?? one['rule'] ?? one);
}
