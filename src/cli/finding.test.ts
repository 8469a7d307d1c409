import { expect, test } from 'vitest';
import { titleOf } from './finding.ts';
import { manifestsIn } from './manifests.ts';

test.each([
  ['one in a namespace', 'v1', 'Pod', '{ name: a }', 'Pod/agents/a'],
  ['one that is in none', 'taskgrant.dev/v1alpha1', 'TaskGrantClass', '{ name: a }', 'TaskGrantClass/a'],
  ['one whose name is generated', 'v1', 'Pod', '{ generateName: a- }', 'Pod/agents/a-*'],
])('an object is called by its kind, namespace and name: %s', (_what, apiVersion, kind, metadata, title) => {
  const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\n`;
  expect(manifestsIn([{ file: 'a.yaml', text }], 'agents').manifests.map(titleOf)).toEqual([title]);
});
