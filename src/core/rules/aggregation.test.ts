import { expect, test } from 'vitest';
import { rulesOfClusterRole, type AggregatedRole } from './aggregation.ts';

const reads = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
const role = (name: string, labels: Record<string, string>, resource: string): AggregatedRole => ({
  metadata: { name, labels },
  rules: [reads(resource)],
});
const madeOf = (name: string, label: string, labels: Record<string, string> = {}): AggregatedRole => ({
  metadata: { name, labels },
  rules: [reads('written-over')],
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'yes' } }] },
});

const pods = role('pods', { a: 'yes' }, 'pods');
const maps = role('maps', { a: 'yes', b: 'yes' }, 'configmaps');
const other = role('other', {}, 'services');

test('a role of its own gives its rules', () => {
  expect(rulesOfClusterRole(pods, [pods, maps])).toEqual([reads('pods')]);
  expect(rulesOfClusterRole({ metadata: {} }, [])).toEqual([]);
});

test('one that is made of others gives theirs, and not what stands in it', () => {
  const made = madeOf('made', 'a');
  expect(rulesOfClusterRole(made, [made, pods, maps, other])).toEqual([reads('pods'), reads('configmaps')]);
});

test('one without selectors is made of none', () => {
  const none: AggregatedRole = {
    metadata: {},
    rules: [reads('x')],
    aggregationRule: { clusterRoleSelectors: [] },
  };
  expect(rulesOfClusterRole(none, [none, pods])).toEqual([]);
});

test('those that are made of others are followed, each once, in a circle too', () => {
  const outer = madeOf('outer', 'c', { b: 'yes' });
  const inner = madeOf('inner', 'b', { c: 'yes' });
  expect(rulesOfClusterRole(outer, [outer, inner, pods, maps])).toEqual([reads('configmaps')]);
});
