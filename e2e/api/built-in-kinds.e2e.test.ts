/** That the kinds which are known here are in the scope in which the API server has them, and that a Role gives nothing of others. */
import { afterAll, expect, test } from 'vitest';
import { builtInKinds, type ResourceList } from '../../scripts/built-in-kinds-extract.ts';
import { BUILT_IN_KINDS } from '../../src/core/rules/built-in-kinds.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';

const client = testClient(clusterKubeConfig());

afterAll(async () => {
  await client.close();
});

interface GroupList {
  groups: { name: string; versions: { groupVersion: string }[] }[];
}

/** What the server itself has on: alpha and beta versions are off, and an older one knows less. */
test('every built-in kind of this server is known, in its scope', async () => {
  const { groups } = (await client.getPath('/apis')) as GroupList;
  const known = groups.filter(({ name }) => Object.hasOwn(BUILT_IN_KINDS, name));
  const paths = known.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`));
  const lists = await Promise.all(['/api/v1', ...paths].map((path) => client.getPath(path)));
  const there = builtInKinds(lists as ResourceList[]);
  expect(Object.keys(there).length).toBeGreaterThan(15);
  for (const [group, { cluster, namespaced }] of Object.entries(there)) {
    expect(BUILT_IN_KINDS[group]?.cluster, group).toEqual(expect.arrayContaining([...cluster]));
    expect(BUILT_IN_KINDS[group]?.namespaced, group).toEqual(expect.arrayContaining([...namespaced]));
  }
});
