import { expect, test } from 'vitest';
import { storageClasses } from '../kube/resources.ts';
import { objectsIn, objectsOfBoth } from './surroundings.ts';

const aClass = (name: string, provisioner: string) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
});

test('of two places with one object the first counts, in a list as well', async () => {
  const files = objectsIn([aClass('a', 'in the files')]);
  const cluster = objectsIn([aClass('a', 'in the cluster'), aClass('b', 'in the cluster')]);
  const both = objectsOfBoth(files, cluster);
  expect(await both.get(storageClasses, { name: 'a' })).toMatchObject({ provisioner: 'in the files' });
  expect((await both.list(storageClasses)).map(({ provisioner }) => provisioner)).toEqual([
    'in the files',
    'in the cluster',
  ]);
});
