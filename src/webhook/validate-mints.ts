import { judgeMint } from '../core/envelope/judge-mint.ts';
import { answerToIssue } from './answer-to-issue.ts';
import type { Facts } from './facts.ts';
import { tokenRequestIn, type Reviewer } from './review.ts';

/** Judges each token that is minted for the account of a grant, whoever asks for it. */
export function createMintValidator(facts: Facts): Reviewer {
  return async ({ object, userInfo, namespace = '', name = '' }) => {
    const spec = tokenRequestIn(object);
    return await answerToIssue(
      { account: { namespace, name }, pod: spec.boundObjectRef ?? {}, user: userInfo },
      facts,
      'no token is minted for the account of the TaskGrant',
      (issue) => judgeMint({ ...issue, spec }),
    );
  };
}
