import { describe, expect, test } from 'vitest';
import { aClass, aGrant, withApproval, withEnvelope, withGrantSpec } from '../testing/builders.ts';
import { aNamespace } from '../testing/lifecycle.ts';
import { decisionFor } from './decision.ts';

const basis = { grant: aGrant(), class: aClass(), namespace: aNamespace() };
const { id, digest } = decisionFor(basis);

test('a decision has a digest, and an id that is its beginning', () => {
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(id).toBe(`d-${digest.slice('sha256:'.length, 'sha256:'.length + 16)}`);
});

describe('it is another decision', () => {
  const { grant, namespace } = basis;
  test.each<[string, Partial<typeof basis>]>([
    [
      'for another grant of the same content',
      { grant: { ...grant, metadata: { ...grant.metadata, uid: 'other' } } },
    ],
    ['with another envelope', { grant: aGrant(withEnvelope({ secrets: ['db'] })) }],
    ['with another intent', { grant: aGrant(withGrantSpec({ task: { intent: 'something else' } })) }],
    ['when somebody has approved it', { grant: aGrant(withApproval()) }],
    ['for another requester', { grant: aGrant(withGrantSpec({ requestedBy: { username: 'john' } })) }],
    ['under a class with another grantor', { class: aClass({ grantor: { namespace: 'a', name: 'b' } }) }],
    ['under another class of the same content', { class: aClass({}, 'another') }],
    ['in a namespace of another level', { namespace: aNamespace({ 'taskgrant.dev/enforce': 'required' }) }],
    [
      'in a namespace that was made again',
      { namespace: { ...namespace, metadata: { ...namespace.metadata, uid: 'x' } } },
    ],
  ])('%s', (_what, change) => {
    expect(decisionFor({ ...basis, ...change }).digest).not.toBe(digest);
  });
});

describe('it is the same decision', () => {
  const { grant, namespace } = basis;
  test.each<[string, Partial<typeof basis>]>([
    ['when it is taken again', {}],
    ['after the status was written', { grant: { ...grant, status: { phase: 'Completed' } } }],
    [
      'after the duration has shrunk, which only takes away',
      { grant: aGrant(withGrantSpec({ duration: '1m' })) },
    ],
    [
      'after a label of no concern was put on the namespace',
      { namespace: aNamespace({ ...namespace.metadata.labels, team: 'x' }) },
    ],
    ['though fields stand in another order', { grant: { ...grant, spec: reversed(grant.spec) } }],
  ])('%s', (_what, change) => {
    expect(decisionFor({ ...basis, ...change }).digest).toBe(digest);
  });
});

function reversed<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).toReversed()) as T;
}
