/** The same checks as far as the API server can do them by itself: a policy in CEL, in a namespace of its own. */
import { podPolicy } from '../policy/pod-policy.ts';
import { until } from '../cluster/until.ts';
import type { ApiServer } from './api-server.ts';
import { TASK_IMAGE } from './grants.ts';
import { POLICY_NAMESPACE } from './namespaces.ts';
import { createPod, TASK_CONTAINER } from './pods.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const POLICIES = `${ADMISSION}/validatingadmissionpolicies`;
const BINDINGS = `${ADMISSION}/validatingadmissionpolicybindings`;
const NAME = 'taskgrant-bench-pods';
const ACCOUNT = 'task';
const TOKEN_SECONDS = 600;

/** What its author has to write out, as nothing is filled in. */
const WRITTEN_OUT = {
  serviceAccountName: ACCOUNT,
  automountServiceAccountToken: false,
  containers: [
    {
      ...TASK_CONTAINER,
      volumeMounts: [
        { name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
      ],
    },
  ],
  volumes: [
    {
      name: 'token',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        ],
      },
    },
  ],
};

export interface RunningPolicy {
  /** As `dryRunPod`: a pod that it lets pass. */
  dryRunPod(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** Returns when it is in force. @throws Error where the API server finds a mistake in it, or it never is */
export async function startPolicy(api: ApiServer): Promise<RunningPolicy> {
  const { policy, binding } = podPolicy(
    NAME,
    { 'kubernetes.io/metadata.name': POLICY_NAMESPACE },
    {
      account: ACCOUNT,
      images: [TASK_IMAGE],
      requireDigest: false,
      secrets: [],
      audiences: [''],
      tokenSeconds: TOKEN_SECONDS,
    },
  );
  const remove = async (): Promise<void> => {
    await api.send('DELETE', `${BINDINGS}/${NAME}`);
    await api.send('DELETE', `${POLICIES}/${NAME}`);
  };
  // What a run that was cut off has left.
  await remove();
  await api.send('POST', `/api/v1/namespaces/${POLICY_NAMESPACE}/serviceaccounts`, {
    metadata: { name: ACCOUNT },
    automountServiceAccountToken: false,
  });
  await api.must('POST', POLICIES, policy);
  await api.must('POST', BINDINGS, binding);
  const refused = { ...WRITTEN_OUT, automountServiceAccountToken: true };
  await until('the policy is in force', 30, async () => {
    const { status, text } = await createPod(api, { namespace: POLICY_NAMESPACE, name: 'pod' }, refused);
    return status === 403 && text.includes(NAME);
  });
  return {
    async dryRunPod(name) {
      const before = performance.now();
      const { status, text } = await createPod(api, { namespace: POLICY_NAMESPACE, name }, WRITTEN_OUT);
      if (status !== 201) throw new Error(`the policy refuses the pod: ${status} ${text}`);
      return performance.now() - before;
    },
    stop: remove,
  };
}
