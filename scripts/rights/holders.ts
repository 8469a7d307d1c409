/**
 * Every right of the product: who holds it, what for, what a thief would have of it, and where it is shown that he has no more. The rules
 * of the chart's Roles are made from here (template.ts), and so is docs/reference/stolen-credentials.md (page.ts).
 */
import type { ScopedRule } from '../../src/core/rules/right.ts';
import { controller } from './controller.ts';
import { grantor } from './grantor.ts';
import { crds, drain } from './hooks.ts';
import { people } from './people.ts';
import type { Condition, Entry, Holder, OwnRole, Release } from './right.ts';
import { webhook } from './webhook.ts';

export const HOLDERS: readonly Holder[] = [webhook, controller, grantor, crds, drain, people];

/** The rule of an entry, as a Role has it. */
export function ruleOf(
  { apiGroups, resources, ownNames = [], names = [], verbs }: Entry,
  release: Pick<Release, 'name'>,
): ScopedRule {
  const resourceNames = [
    ...ownNames.map((own) => (own === '' ? release.name : `${release.name}-${own}`)),
    ...names,
  ];
  return { apiGroups, resources, ...(resourceNames.length > 0 && { resourceNames }), verbs };
}

/** Where a Role is bound; undefined for the whole cluster. */
export function namespaceOf({ where }: OwnRole, release: Release): string | undefined {
  if (where === 'cluster') return undefined;
  return where === 'release' ? release.namespace : release.probeNamespace;
}

/** All that somebody holds by the Roles that there are under these conditions; under any, where none are said. */
export function rulesOf({ roles }: Holder, release: Release, so?: ReadonlySet<Condition>): ScopedRule[] {
  return rolesUnder(roles, so).flatMap((role) => {
    const namespace = namespaceOf(role, release);
    return role.entries.map((entry) => ({
      ...ruleOf(entry, release),
      ...(namespace !== undefined && { namespaces: [namespace] }),
    }));
  });
}

/** What of it counts in one namespace, as a request there sees it. */
export function rulesIn(
  namespace: string,
  { roles }: Holder,
  release: Release,
  so: ReadonlySet<Condition>,
): ScopedRule[] {
  return rolesUnder(roles, so)
    .filter((role) => [undefined, namespace].includes(namespaceOf(role, release)))
    .flatMap(({ entries }) => entries.map((entry) => ruleOf(entry, release)));
}

function rolesUnder(roles: readonly OwnRole[], so?: ReadonlySet<Condition>): readonly OwnRole[] {
  return roles.filter(({ when = [] }) => so === undefined || when.every((condition) => so.has(condition)));
}
