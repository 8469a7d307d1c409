import { expect, test } from 'vitest';
import { aTaskPod, factsWhileActive, someFacts } from '../testing/lifecycle.ts';
import { withChange } from './change.ts';
import { inventoryItemOf } from './issued.ts';

test('what was created is found from then on, and what was removed is not', () => {
  const [account] = factsWhileActive().found;
  if (!account) throw new Error('an account is issued for every grant');
  const created = withChange(someFacts(), { created: account });
  expect(created.found).toEqual([account]);
  expect(withChange(created, { removed: inventoryItemOf(account) }).found).toEqual([]);
});

test('what was seen to be gone counts no more once something was created', () => {
  const [account] = factsWhileActive().found;
  if (!account) throw new Error('an account is issued for every grant');
  const progress = { rightsRemovedAt: '2026-11-23T09:00:31Z' };
  expect(withChange(someFacts({ progress }), { created: account }).progress).toEqual({});
});

test('a pod that was removed is observed as being deleted, and the others as they were', () => {
  const pods = [aTaskPod('one', 'Running'), aTaskPod('two', 'Running')];
  const at = '2026-11-23T09:00:31Z';
  const { pods: after } = withChange(someFacts({ pods }), { podRemoved: { uid: 'uid-of-two', at } });
  expect(after.map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined, at]);
});

test('a change of one thing leaves all else', () => {
  const facts = factsWhileActive({ pods: [aTaskPod('one', 'Running')] });
  expect(withChange(facts, { requesterLacks: ['get secrets'] })).toEqual({
    ...facts,
    requesterLacks: ['get secrets'],
  });
});
