/** AdmissionReviews as the API server sends them to `/validate/pods`. */
import { GRANT_LABEL } from '../../src/api/group.ts';
import type { Pod } from '../../src/api/kubernetes.ts';
import type { WrittenGrant } from './written-grants.ts';

const POD = { group: '', version: 'v1', kind: 'Pod' };
const PODS = { group: '', version: 'v1', resource: 'pods' };

/** Who creates most pods of tasks. */
const CREATOR = {
  username: 'system:serviceaccount:kube-system:job-controller',
  uid: '8c6f1d0e-0000-4000-8000-000000000001',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  extra: { 'authentication.kubernetes.io/credential-id': ['JTI=8c6f1d0e-0000-4000-8000-000000000002'] },
};

/** The body, as text: of a pod's creation. @param pod as it would be stored */
export function reviewOfCreation(pod: Pod): string {
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: crypto.randomUUID(),
      kind: POD,
      resource: PODS,
      requestKind: POD,
      requestResource: PODS,
      name: pod.metadata.name,
      namespace: pod.metadata.namespace,
      operation: 'CREATE',
      userInfo: CREATOR,
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  });
}

/** The same pod under another grant, with everything that the product fills in by its grant. */
export function podUnder(pod: Pod, { namespace, name, account }: WrittenGrant): Pod {
  const { metadata, spec } = pod;
  if (!spec) throw new TypeError('a pod that was admitted has a spec');
  return {
    ...pod,
    metadata: { ...metadata, name, namespace, labels: { ...metadata.labels, [GRANT_LABEL]: name } },
    spec: { ...spec, serviceAccountName: account, serviceAccount: account },
  };
}
