/** ClusterRoles that are made of others (rbac/v1, AggregationRule). */
import { selects, type LabelSelector } from '../label-selector.ts';
import type { ScopedRule } from './right.ts';

/** As much of a ClusterRole as its rules depend on. */
export interface AggregatedRole {
  metadata: { name?: string; labels?: Readonly<Record<string, string>> };
  rules?: readonly ScopedRule[];
  aggregationRule?: { clusterRoleSelectors?: readonly LabelSelector[] };
}

/**
 * What a ClusterRole gives when the cluster's controller has seen it: the rules of all that its selectors select, of those that are
 * made of others too; its own are written over (kubernetes, pkg/controller/clusterroleaggregation).
 *
 * @param all every ClusterRole that there is, itself among them
 */
export function rulesOfClusterRole(role: AggregatedRole, all: readonly AggregatedRole[]): ScopedRule[] {
  const rules: ScopedRule[] = [];
  const seen = new Set<AggregatedRole>();
  const add = (one: AggregatedRole): void => {
    if (seen.has(one)) return;
    seen.add(one);
    const selectors = one.aggregationRule?.clusterRoleSelectors;
    if (!selectors) {
      rules.push(...(one.rules ?? []));
      return;
    }
    for (const other of all)
      if (selectors.some((selector) => selects(selector, other.metadata.labels))) add(other);
  };
  add(role);
  return rules;
}
