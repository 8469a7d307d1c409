import { describe, expect, test } from 'vitest';
import { manifestsIn } from './manifests.ts';

const read = (text: string, namespace = 'default') => manifestsIn([{ file: 'a.yaml', text }], namespace);

test('objects without a namespace are of the one that is said, unless their kind is in none', () => {
  const { manifests } = read(
    [
      'apiVersion: v1\nkind: Pod\nmetadata: { name: a }',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: b, namespace: own }',
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: c }',
    ].join('\n---\n'),
    'agents',
  );
  expect(manifests.map(({ object }) => object.metadata.namespace)).toEqual(['agents', 'own', undefined]);
  expect(manifests.map(({ inDefaultNamespace }) => inDefaultNamespace)).toEqual([true, false, false]);
});

test('the items of a list are objects, and stand where they stand', () => {
  const { manifests } = read(`apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata:
      name: a
  - apiVersion: v1
    kind: PodList
    items:
      - apiVersion: v1
        kind: Pod
        metadata: { name: b }
`);
  expect(
    manifests.map(({ object, regionOf }) => [object.metadata.name, regionOf('metadata.name').line]),
  ).toEqual([
    ['a', 7],
    ['b', 13],
  ]);
});

test('what is null is as if it were not there, as it is to the API server', () => {
  const { manifests } = read(
    'apiVersion: v1\nkind: Pod\nmetadata: { name: a, labels: null }\nspec: { volumes: ~ }\n',
  );
  expect(manifests[0]?.object).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'default' },
    spec: {},
  });
});

describe('what is no object says where, and hides no other', () => {
  const good = '---\napiVersion: v1\nkind: Pod\nmetadata: { name: good }\n';

  test.each([
    ['a list of things', '- a\n', 1, 'no object of Kubernetes'],
    ['words', 'hello\n', 1, 'no object of Kubernetes'],
    ['an object without a kind', 'apiVersion: v1\nmetadata: { name: a }\n', 1, 'kind: is missing'],
    [
      'a version of ours that there is not',
      'apiVersion: taskgrant.dev/v1\nkind: TaskGrant\nmetadata: { name: a }\n',
      1,
      'apiVersion: there is no taskgrant.dev/v1: write taskgrant.dev/v1alpha1',
    ],
    [
      'a kind of ours that there is not',
      'apiVersion: taskgrant.dev/v1alpha1\nkind: TaskGrants\nmetadata: { name: a }\n',
      2,
      'kind: there is no TaskGrants in taskgrant.dev: write TaskGrant or TaskGrantClass',
    ],
    [
      'labels that are a list',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  labels: [a]\n',
      4,
      'metadata.labels: ',
    ],
    ['a name that is a number', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: 5\n', 4, 'metadata.name: '],
    [
      'a StorageClass without a provisioner',
      'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: a }\n',
      1,
      'provisioner: ',
    ],
    ['a template of a chart', 'a: {{ .Values.a }}\nb: }\n', 2, 'helm template'],
  ])('%s', (_what, text, line, words) => {
    const { manifests, problems } = read(text + good);
    expect(manifests.map(({ object }) => object.metadata.name)).toEqual(['good']);
    expect(problems).toMatchObject([
      { file: 'a.yaml', line, message: expect.stringContaining(words) as string },
    ]);
  });

  test('but what is of no kind that matters here may be of any shape', () => {
    const { manifests, problems } = read(
      'apiVersion: batch.example.com/v1\nkind: StorageClass\nmetadata: { name: a }\n',
    );
    expect(problems).toEqual([]);
    expect(manifests).toHaveLength(1);
  });
});
