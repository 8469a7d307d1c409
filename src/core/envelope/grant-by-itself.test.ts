import { expect, test } from 'vitest';
import { aGrant, withEnvelope, withGrantSpec, withWorkload } from '../testing/builders.ts';
import { API_AUDIENCE, aContext, complete } from '../testing/judging.ts';
import { judgeGrantByItself } from './grant-by-itself.ts';

const { externalKeys } = aContext();
const conventions = { apiAudiences: [API_AUDIENCE], externalKeys };

test('a grant that says nothing wrong is left alone', () => {
  expect(judgeGrantByItself(aGrant(), conventions)).toEqual([]);
});

test('everything that is wrong with one is said at once', () => {
  const grant = aGrant(
    withGrantSpec({ parentRef: { name: 'plan' } }),
    withWorkload({ images: ['not an image'] }),
    withEnvelope({
      kubernetes: [{ apiGroups: ['v1'], resources: ['pods'], verbs: ['get'] }],
      tokens: [
        { name: 'a', expirationSeconds: 600 },
        { name: 'b', audience: API_AUDIENCE, expirationSeconds: 600 },
      ],
      externalIdentity: { 'example.com/unheard-of': 'x' },
    }),
  );
  const named = { ...grant, metadata: { ...grant.metadata, name: 'x'.repeat(250) } };
  const violations = complete(judgeGrantByItself(named, conventions));
  expect(violations.map(({ path }) => path)).toEqual([
    'metadata.name',
    'spec.parentRef',
    'spec.workload.images[0]',
    'spec.envelope.kubernetes[0].apiGroups[0]',
    'spec.envelope.tokens[1].audience',
    'spec.envelope.externalIdentity[example.com/unheard-of]',
  ]);
});

test('as many pods can succeed as have to, or the grant would end in the middle of its task', () => {
  const wanting = (succeeded: number) =>
    judgeGrantByItself(
      aGrant(
        withWorkload({ maxPods: 2 }),
        withGrantSpec({ completion: { succeeded, podsRunning: 'Terminate' } }),
      ),
      conventions,
    );
  expect(wanting(2)).toEqual([]);
  expect(complete(wanting(3))).toMatchObject([
    { code: 'CompletionOutOfReach', path: 'spec.completion.succeeded', asked: '3', allowed: '2 pods' },
  ]);
});

test('times that nobody can read are refused: there would be no end', () => {
  for (const unreadable of ['14.5m', '100ms', '-1h', ''])
    expect(
      complete(judgeGrantByItself(aGrant(withGrantSpec({ duration: unreadable })), conventions)),
    ).toMatchObject([{ code: 'DurationUnreadable', path: 'spec.duration' }]);
});

test('a rule of which RBAC would match nothing is refused, with what was meant', () => {
  const grant = aGrant(
    withEnvelope({ kubernetes: [{ apiGroups: [''], resources: ['pods/*'], verbs: ['get'] }] }),
  );
  expect(judgeGrantByItself(grant, conventions)).toEqual([
    {
      code: 'RuleMisspelled',
      path: 'spec.envelope.kubernetes[0].resources[0]',
      asked: '"pods/*"',
      allowed: 'words that RBAC matches: no subresource is called *',
      fix: 'name each, as in "pods/status"',
    },
  ]);
});
