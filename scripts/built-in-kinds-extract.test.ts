import { expect, test } from 'vitest';
import { kubernetesVersions } from '../e2e/cluster/programs.ts';
import { BUILT_IN_KINDS, BUILT_IN_KINDS_VERSIONS, OTHER_NAMES } from '../src/core/rules/built-in-kinds.ts';
import { builtInKinds, otherNames } from './built-in-kinds-extract.ts';

const kind = (name: string, namespaced: boolean, singularName = '', shortNames?: string[]) => ({
  name,
  namespaced,
  singularName,
  ...(shortNames && { shortNames }),
});

test('kinds are told by their group and scope, of all its versions, with subresources', () => {
  expect(
    builtInKinds([
      { groupVersion: 'b/v1', resources: [kind('y', true), kind('y/status', true), kind('x', true)] },
      { groupVersion: 'b/v2', resources: [kind('y', true), kind('z', false)] },
      { groupVersion: 'v1', resources: [kind('nodes', false)] },
    ]),
  ).toEqual({
    '': { cluster: ['nodes'], namespaced: [] },
    b: { cluster: ['z'], namespaced: ['x', 'y', 'y/status'] },
  });
});

test('other names are the singular and the short ones, where they differ', () => {
  const resources = [
    kind('pods', true, 'pod', ['po']),
    kind('pods/log', true),
    kind('endpoints', true, 'endpoints', ['ep']),
  ];
  expect(otherNames([{ groupVersion: 'v1', resources }])).toEqual({
    ep: 'endpoints',
    po: 'pods',
    pod: 'pods',
  });
});

test('the kinds that are known are of every Kubernetes that is pinned', () => {
  expect(BUILT_IN_KINDS_VERSIONS).toEqual(kubernetesVersions());
});

test('no other name is the name of another kind', () => {
  const names = Object.values(BUILT_IN_KINDS).flatMap(({ cluster, namespaced }) => [
    ...cluster,
    ...namespaced,
  ]);
  expect(Object.keys(OTHER_NAMES).filter((other) => names.includes(other))).toEqual([]);
});
