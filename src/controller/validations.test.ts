import { expect, test } from 'vitest';
import type { Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { aClass, aGrant, withGrantSpec } from '../core/testing/builders.ts';
import { aNamespace } from '../core/testing/lifecycle.ts';
import type { Client } from '../kube/client.ts';
import { slimGrant } from './readers.ts';
import { createClassValidations } from './validations.ts';

const WHOLE = aGrant(withGrantSpec({ requestedBy: { username: 'jane', groups: ['agents-team'] } }));

/** As the controller's cache has it while it is active. */
const CACHED = slimGrant(WHOLE);

/** Answers with the grant, and counts how often it was asked. */
function aClient(grant: Stored<TaskGrant> = WHOLE) {
  const asked: unknown[] = [];
  const get = (_: unknown, place: unknown) => {
    asked.push(place);
    return Promise.resolve(grant);
  };
  return { asked, client: { get } as unknown as Client };
}

function classSaying(expression: string, generation = 1): TaskGrantClass {
  const itsClass = aClass({ validations: [{ expression }] });
  return { ...itsClass, metadata: { ...itsClass.metadata, uid: 'uid-of-class', generation } };
}

const ABOUT_THE_REST = "grant.spec.task.intent.size() > 0 && 'agents-team' in requester.groups";

test('of a class without validations nothing is asked', async () => {
  const { asked, client } = aClient();
  expect(await createClassValidations({ client }).failed(CACHED, aClass(), aNamespace())).toEqual([]);
  expect(asked).toEqual([]);
});

test('an active grant is judged by who asked for it and why, although the cache has neither', async () => {
  const { asked, client } = aClient();
  const validations = createClassValidations({ client });
  expect(CACHED.spec.requestedBy).toBeUndefined();
  expect(await validations.failed(CACHED, classSaying(ABOUT_THE_REST), aNamespace())).toEqual([]);
  expect(asked).toHaveLength(1);
});

test('it is asked for once, until its class, its namespace or its duration says something else', async () => {
  const { asked, client } = aClient();
  const validations = createClassValidations({ client });
  const judged = async (
    more: { generation?: number; labels?: Record<string, string>; duration?: string } = {},
  ) => {
    const grant = { ...CACHED, spec: { ...CACHED.spec, duration: more.duration ?? CACHED.spec.duration } };
    await validations.failed(grant, classSaying(ABOUT_THE_REST, more.generation), aNamespace(more.labels));
    return asked.length;
  };
  expect(await judged()).toBe(1);
  expect(await judged()).toBe(1);
  expect(await judged({ generation: 2 })).toBe(2);
  expect(await judged({ generation: 2, labels: { team: 'others' } })).toBe(3);
  expect(await judged({ generation: 2, labels: { team: 'others' }, duration: '1m' })).toBe(4);
  expect(await judged({ generation: 2, labels: { team: 'others' }, duration: '1m' })).toBe(4);
});

test('one that the cache has whole is not asked for', async () => {
  const { asked, client } = aClient();
  const grant = { ...WHOLE, status: { ...WHOLE.status, phase: 'Pending' as const } };
  const failed = await createClassValidations({ client }).failed(
    slimGrant(grant),
    classSaying("requester.username == 'joe'"),
    aNamespace(),
  );
  expect(failed).toMatchObject([{ code: 'ValidationFailed', path: 'spec.className' }]);
  expect(asked).toEqual([]);
});

test('of another grant of the name nothing follows', async () => {
  const { client } = aClient({ ...WHOLE, metadata: { ...WHOLE.metadata, uid: 'another' } });
  await expect(
    createClassValidations({ client }).failed(CACHED, classSaying('true'), aNamespace()),
  ).rejects.toThrow('is another one by now');
});
