import { judgeCertificate } from '../core/envelope/judge-certificate.ts';
import { answerToIssue } from './answer-to-issue.ts';
import type { Facts } from './facts.ts';
import { certificateRequestIn, type Reviewer } from './review.ts';

/** Judges each certificate that is asked for in the name of a grant's account, whoever asks for it. */
export function createCertificateValidator(facts: Facts): Reviewer {
  return async ({ object, userInfo, namespace = '' }) => {
    const spec = certificateRequestIn(object);
    const { serviceAccountName: name, podName, podUID } = spec;
    return await answerToIssue(
      { account: { namespace, name }, pod: { name: podName, uid: podUID }, user: userInfo },
      facts,
      'no certificate is asked for in the name of the account of the TaskGrant',
      (issue) => judgeCertificate({ ...issue, spec }),
    );
  };
}
