/** A certificate that the kubelet asks a signer for, in the name of a grant's account (KEP-4317, PodCertificateRequest). */
import type { PodCertificateRequest } from '../../api/kubernetes.ts';
import type { Violation } from '../decision/violation.ts';
import { DEFAULT_CERTIFICATE_SECONDS } from '../identity/certificates.ts';
import { certificateViolations } from './certificates.ts';
import { conditionsAreMet } from './conditions.ts';
import { forItsPod, judgeIssue, type Issue, type IssueWords } from './judge-issue.ts';

export interface CertificateIssue extends Issue {
  spec: PodCertificateRequest['spec'];
}

const WORDS: IssueWords = {
  account: 'spec.serviceAccountName',
  pod: 'spec.podName',
  what: 'a certificate',
  notForPod: 'CertificateNotForPod',
  notByNode: 'CertificateNotAskedByNode',
};

/**
 * Everything that is wrong with it. A certificate cannot be revoked, and lives for an hour at least, so that one which is asked for
 * shortly before the end of its grant outlives it by as much: whether it is issued is all that can be decided.
 */
export function judgeCertificate(issue: CertificateIssue): Violation[] {
  const { signerName, maxExpirationSeconds, unverifiedUserAnnotations = {}, podName, podUID } = issue.spec;
  const value = {
    signerName,
    maxExpirationSeconds: maxExpirationSeconds ?? DEFAULT_CERTIFICATE_SECONDS,
    userAnnotations: unverifiedUserAnnotations,
  };
  const { namespaceLabels: labels, now } = issue;
  const certificate = { signerName, maxExpirationSeconds: value.maxExpirationSeconds };
  return judgeIssue(issue, WORDS, (underGrant) => [
    ...conditionsAreMet(
      { grant: underGrant.grant, labels, now },
      { action: 'certify', certificate },
      WORDS.account,
    ),
    ...certificateViolations(
      { value, path: 'spec', annotations: 'unverifiedUserAnnotations' },
      underGrant.grant,
    ),
    ...forItsPod(underGrant, { name: podName, uid: podUID }, WORDS),
  ]);
}
