import { expect, test } from 'vitest';
import { serviceAccountNameFor, usernameOf } from '../names.ts';
import { notCreatedByTask } from './delegation.ts';

const account = (name: string) => ({ username: usernameOf({ namespace: 'agents', name }) });

test('the identity of a task creates no grants', () => {
  const task = account(serviceAccountNameFor('summarise', 'bcdfghjk'));
  expect(notCreatedByTask(task)).toEqual([
    {
      code: 'DelegationNotGranted',
      path: 'spec.requestedBy.username',
      asked: 'system:serviceaccount:agents:taskgrant-summarise-bcdfghjk',
      allowed: 'no grants',
      fix: 'have it created by who created TaskGrant summarise, or by an account that is no task’s',
    },
  ]);
});

test.each([
  ['people', { username: 'taskgrant-summarise-bcdfghjk' }],
  ['pipelines', account('deployer')],
  ['the product’s own accounts, which show that none can be created', account('taskgrant-drain')],
  ['nobody', {}],
])('%s may, as far as this goes', (_, user) => {
  expect(notCreatedByTask(user)).toEqual([]);
});
