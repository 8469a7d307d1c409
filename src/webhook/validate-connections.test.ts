import { expect, test } from 'vitest';
import { aGrant, GRANT_NAME, withWorkload } from '../core/testing/builders.ts';
import { codesOf, review, someFacts } from './testing.ts';
import { createConnectionValidator } from './validate-connections.ts';

const request = {
  operation: 'CONNECT',
  name: 'summarise',
  subResource: 'exec',
  object: { command: ['sh'] },
} as const;
const connecting = (world: Parameters<typeof someFacts>[0]) =>
  review(createConnectionValidator(someFacts(world)), request);
const audit = { grant: GRANT_NAME, decision: 'd-0123456789abcdef' };

test('into a pod under no grant everybody gets whom RBAC lets in', async () => {
  expect(await connecting({})).toEqual({ allowed: true });
});

test('into a pod under a grant nobody gets, and that is written to the audit log', async () => {
  expect(await connecting({ podsGrant: GRANT_NAME })).toMatchObject({
    allowed: false,
    headline: 'nobody gets into the pod of a TaskGrant',
    violations: [{ code: 'ExecNotAllowed', path: 'pods/exec', asked: 'exec into pod summarise' }],
    audit,
  });
});

test('unless the grant allows it, which is written there as well', async () => {
  const grant = aGrant(withWorkload({ allowExec: true }));
  expect(await connecting({ podsGrant: GRANT_NAME, grant })).toEqual({ allowed: true, audit });
});

test('nor into a pod whose grant is gone: nobody can say that it allowed it', async () => {
  expect(codesOf(await connecting({ podsGrant: 'gone' }))).toEqual(['GrantNotFound']);
  expect(codesOf(await connecting({ podsGrant: '' }))).toEqual(['GrantNotFound']);
});
