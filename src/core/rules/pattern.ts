/** Which rights of a rule are among those that a pattern means. */
import type { Danger, RightPattern } from './danger.ts';
import { renderKind, type ScopedRule } from './right.ts';

const ALL = '*';

/** A right that was looked for and found, without the names of objects: whether there were any is all that matters here. */
export interface FoundRight {
  /** Everywhere where omitted. */
  namespace?: string;
  apiGroup: string;
  resource: string;
  verb: string;
  /** Only objects that the rule names. */
  byName: boolean;
}

/** What of the rule the pattern means. Nothing of kinds that are in no namespace, where the rule holds in some only. */
export function* foundIn(rule: ScopedRule, pattern: RightPattern): Generator<FoundRight> {
  if (rule.namespaces && pattern.inCluster) return;
  const apiGroups = (rule.apiGroups ?? []).flatMap((held) => commonGroup(held, pattern.apiGroup));
  // Most patterns are of another group: there is nothing more to compare.
  if (apiGroups.length === 0) return;
  const resources = (rule.resources ?? []).flatMap((held) =>
    pattern.resources.flatMap((meant) => commonResource(held, meant)),
  );
  const verbs = rule.verbs.flatMap((held) =>
    held === ALL && pattern.writtenOut ? [] : commonVerbs(held, pattern.verbs),
  );
  const namespaces = (rule.namespaces ?? [undefined]).filter(
    (held) => held === undefined || (pattern.namespaces?.includes(held) ?? true),
  );
  for (const byName of reachesOf(rule).filter((one) => isMeant(one, rule, pattern)))
    for (const namespace of namespaces)
      for (const apiGroup of apiGroups)
        for (const resource of resources)
          for (const verb of verbs)
            yield { ...(namespace !== undefined && { namespace }), apiGroup, resource, verb, byName };
}

/** Whether objects that the pattern means are among those that the rule reaches by their names, or without. */
function isMeant(
  byName: boolean,
  { resourceNames = [] }: ScopedRule,
  { names, named }: RightPattern,
): boolean {
  if (!byName) return !named;
  return names?.some((name) => resourceNames.includes(name)) ?? true;
}

/** Rules with a right that leads further only where another is held too. */
export function halvesIn(rules: readonly ScopedRule[], dangers: readonly Danger[]): ScopedRule[] {
  const halves = dangers.flatMap(({ together = [] }) => together.flat());
  return rules.filter((rule) => halves.some((pattern) => !foundIn(rule, pattern).next().done));
}

/**
 * Whether it reaches objects by their names only, or others as well: both, where some of its names are names. The name that is empty is
 * what every request has that names none.
 */
export function reachesOf({ resourceNames = [] }: ScopedRule): boolean[] {
  const hasNameless = resourceNames.length === 0 || resourceNames.includes('');
  const hasNames = resourceNames.some((name) => name !== '');
  return [...(hasNameless ? [false] : []), ...(hasNames ? [true] : [])];
}

/** `get secrets in namespace support, by name`, `* * in every group`. */
export function renderFound({ namespace, apiGroup, resource, verb, byName }: FoundRight): string {
  const what = apiGroup === ALL ? `${resource} of every group` : renderKind(apiGroup, resource);
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${verb} ${what}${where}${byName ? ', by name' : ''}`;
}

function commonGroup(held: string, meant: string): string[] {
  if (held === ALL || held === meant) return [meant];
  return meant === ALL ? [held] : [];
}

function commonResource(held: string, meant: string): string[] {
  if (meant === ALL || held === meant) return [held];
  if (held === ALL) return [meant];
  const slash = meant.indexOf('/');
  if (slash < 0) return [];
  const [kind, subresource] = [meant.slice(0, slash), meant.slice(slash + 1)];
  if (subresource !== ALL) return held === `${ALL}/${subresource}` ? [meant] : [];
  if (held.startsWith(`${kind}/`)) return [held];
  return held.startsWith(`${ALL}/`) ? [`${kind}${held.slice(1)}`] : [];
}

function commonVerbs(held: string, meant: readonly string[] | undefined): readonly string[] {
  if (!meant) return [held];
  if (held === ALL) return meant.map((verb) => verb.replace(/:?\*$/, ''));
  return meant.some((verb) => (verb.endsWith(ALL) ? held.startsWith(verb.slice(0, -1)) : verb === held))
    ? [held]
    : [];
}
