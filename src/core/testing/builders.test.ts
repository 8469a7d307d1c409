import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { taskGrantSchema } from '../../api/taskgrant.ts';
import { taskGrantClassSchema } from '../../api/taskgrantclass.ts';
import { aClass, aGrant } from './builders.ts';
import { factsWhileActive, factsWhileProvisioning, factsWhileRevoking } from './lifecycle.ts';

test('grants and classes as the tests have them are what the CRDs accept', () => {
  const grants = [
    aGrant(),
    ...[factsWhileProvisioning(), factsWhileActive(), factsWhileRevoking()].map(({ grant }) => grant),
  ];
  const errors = grants.flatMap(({ spec, status }) => [
    ...Value.Errors(taskGrantSchema.spec, spec),
    ...Value.Errors(taskGrantSchema.status, status),
  ]);
  expect([...errors, ...Value.Errors(taskGrantClassSchema.spec, aClass().spec)]).toEqual([]);
});
