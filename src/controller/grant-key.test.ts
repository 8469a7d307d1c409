import { expect, test } from 'vitest';
import { GRANT_LABEL, GRANT_NAMESPACE_LABEL } from '../api/group.ts';
import { grantKeyOfIssued, grantKeyOfPod } from './grant-key.ts';

const account = (name: string, labels: Record<string, string>, namespace = 'agents') => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace, labels },
});
const labels = { [GRANT_LABEL]: 'nightly', [GRANT_NAMESPACE_LABEL]: 'agents' };

test('an account belongs to the grant that its labels name, where it stands in that grant’s place', () => {
  expect(grantKeyOfIssued(account('taskgrant-nightly-bcdfghjk', labels))).toEqual(['agents/nightly']);
});

test.each([
  ['another name', account('innocent', labels)],
  ['another namespace', account('taskgrant-nightly-bcdfghjk', labels, 'mallory')],
  ['an empty label', account('taskgrant--bcdfghjk', { ...labels, [GRANT_LABEL]: '' })],
  ['no label', account('taskgrant-nightly-bcdfghjk', {})],
])('with %s it belongs to none: labels are written by anybody', (_, object) => {
  expect(grantKeyOfIssued(object)).toEqual([]);
});

test('a pod belongs to the grant of its namespace that it names, and an empty name is none', () => {
  const pod = (grant: string) => ({ ...account('pod', { [GRANT_LABEL]: grant }), kind: 'Pod' });
  expect(grantKeyOfPod(pod('nightly'))).toEqual(['agents/nightly']);
  expect(grantKeyOfPod(pod(''))).toEqual([]);
});
