import { expect, test } from 'vitest';
import { aGrant, aPod, GRANT_ACCOUNT, GRANT_NAME, NAMESPACE } from '../../src/core/testing/builders.ts';
import { judge } from '../../src/core/testing/judging.ts';
import { parseReview, podIn } from '../../src/webhook/review.ts';
import { podUnder, reviewOfCreation } from './reviews.ts';
import { writtenGrant } from './written-grants.ts';

test('the webhook takes the review for one of the pod', () => {
  const pod = aPod();
  const request = parseReview(JSON.parse(reviewOfCreation(pod)));
  expect(request).toMatchObject({ operation: 'CREATE', namespace: NAMESPACE });
  expect(podIn(request.object)).toEqual(pod);
});

test('a pod under another grant is within that one, and within the first no more', () => {
  const pod = podUnder(aPod(), writtenGrant(3));
  expect(judge(pod)).not.toEqual([]);
  const back = podUnder(pod, { namespace: NAMESPACE, name: GRANT_NAME, account: GRANT_ACCOUNT });
  expect(judge(back, aGrant())).toEqual([]);
});

test('written grants and their accounts are named as the product names them', () => {
  expect(writtenGrant(107)).toEqual({
    namespace: 'bench-07',
    name: 'written-107',
    account: 'taskgrant-written-107-bench222',
  });
});
