/** Pods of tasks that no node ever runs: what is measured is the API server and the product, and not a kubelet. */
import { GRANT_LABEL } from '../../src/api/group.ts';
import type { Pod } from '../../src/api/kubernetes.ts';
import type { Answer, ApiServer } from './api-server.ts';
import { TASK_IMAGE, type GrantPlace } from './grants.ts';
import { bind, NO_SCHEDULER } from './node.ts';

export interface PodPlace {
  readonly namespace: string;
  readonly name: string;
}

export const TASK_CONTAINER = {
  name: 'task',
  image: TASK_IMAGE,
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};

/** As its author writes it; with the one label where it has a grant. */
function aPod({ name }: PodPlace, grant: GrantPlace | undefined, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(grant && { labels: { [GRANT_LABEL]: grant.name } }) },
    spec: {
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [TASK_CONTAINER],
      ...spec,
    },
  };
}

const pathOf = ({ namespace }: PodPlace): string => `/api/v1/namespaces/${namespace}/pods`;

/** Everything but the storing, admission above all. Returns how long it took, in milliseconds. */
export async function dryRunPod(
  api: ApiServer,
  place: PodPlace,
  grant: GrantPlace | undefined,
): Promise<number> {
  const before = performance.now();
  await api.must('POST', `${pathOf(place)}?dryRun=All`, aPod(place, grant));
  return performance.now() - before;
}

/** The same, for who wants to see the answer. @param spec what differs from a pod without a grant */
export function createPod(api: ApiServer, place: PodPlace, spec: object): Promise<Answer> {
  return api.send('POST', `${pathOf(place)}?dryRun=All`, aPod(place, undefined, spec));
}

/** The pod as everybody's mutators and the API server's defaults have left it, and as it would be stored. */
export async function readAdmitted(api: ApiServer, pod: Pod): Promise<Pod> {
  const { name, namespace = '' } = pod.metadata;
  return JSON.parse(
    await api.must('POST', `${pathOf({ namespace, name: name ?? '' })}?dryRun=All`, pod),
  ) as Pod;
}

/** A pod on a node on which nothing runs. @param grant none has it run as the `default` account */
export async function createBoundPod(
  api: ApiServer,
  place: PodPlace,
  grant: GrantPlace | undefined,
): Promise<PodPlace & { uid: string }> {
  // The node is not ready, and never will be.
  const spec = { schedulerName: NO_SCHEDULER, tolerations: [{ operator: 'Exists' }] };
  const stored = JSON.parse(await api.must('POST', pathOf(place), aPod(place, grant, spec))) as {
    metadata: { uid: string };
  };
  await bind(api, place);
  return { ...place, uid: stored.metadata.uid };
}

/** What the kubelet writes when all containers have ended well. */
export async function succeed(api: ApiServer, { namespace, name }: PodPlace): Promise<void> {
  const status = { phase: 'Succeeded' };
  await api.must('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status });
}

/** A token for the API server, ten minutes long, bound to the pod where there is one. @param api of a grant's account: as the pod's node */
export async function tokenFor(
  api: ApiServer,
  { namespace, name }: { namespace: string; name: string },
  pod?: PodPlace & { uid: string },
): Promise<string> {
  const boundObjectRef = pod && { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await api.must('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 600, ...(boundObjectRef && { boundObjectRef }) },
  });
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}
