/**
 * Objects for tests, as the API server would store them: `aPod(withToken({audience: 'x'}), withSecretEnv('db'))`.
 * Each change is a function from an object to a new one, so that a test names only what it is about.
 */
import { API_VERSION, FINALIZER, GRANT_LABEL } from '../../api/group.ts';
import type { Container, EphemeralContainer, Pod, PodSpec, Stored, Volume } from '../../api/kubernetes.ts';
import type { Phase } from '../../api/reasons.ts';
import type {
  Approval,
  Envelope,
  GrantedToken,
  TaskGrant,
  TaskGrantSpec,
  TaskGrantStatus,
} from '../../api/taskgrant.ts';
import type { TaskGrantClass, TaskGrantClassSpec } from '../../api/taskgrantclass.ts';
import { specDigestOf } from '../decision/decision.ts';

export type Change<T> = (object: T) => T;

const changed = <T>(object: T, changes: readonly Change<T>[]): T =>
  changes.reduce((result, change) => change(result), object);

export const GRANT_NAME = 'summarise-4711';
export const NAMESPACE = 'agents';
export const GRANT_UID = '5f0c0a2e-0000-4000-8000-000000000001';
/** What the grant of aGrant() runs as. */
export const GRANT_ACCOUNT = 'taskgrant-summarise-4711-x7k2qbcd';
export const IMAGE = 'registry.example/agents/summariser:v1';
/** Half a minute after aGrant() was activated. */
export const NOW = Date.parse('2026-11-23T09:00:30Z');

/** The kubelet that aRunningPod() is given to. */
export const KUBELET = { username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] };

/** A pod as it stands after injection: it has the label, the grant's account, and no token. */
export function aPod(...changes: Change<Pod>[]): Pod {
  return changed<Pod>(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'summarise', namespace: NAMESPACE, labels: { [GRANT_LABEL]: GRANT_NAME } },
      spec: {
        serviceAccountName: GRANT_ACCOUNT,
        serviceAccount: GRANT_ACCOUNT,
        automountServiceAccountToken: false,
        containers: [{ name: 'main', image: IMAGE }],
      },
    },
    changes,
  );
}

/** aPod() as the API server has it, on its node. Its UID tells it from others by its name. */
export function aRunningPod(name = 'summarise', creationTimestamp = '2026-11-23T09:00:10Z'): Stored<Pod> {
  const pod = aPod(withSpec({ nodeName: 'node-1' }));
  const metadata = { ...pod.metadata, name, uid: `uid-of-${name}`, resourceVersion: '1', creationTimestamp };
  return { ...pod, metadata, status: { phase: 'Running' } };
}

/** The pod of aPod() as its author writes it, before anything is filled in. */
export function anAuthoredPod(...changes: Change<Pod>[]): Pod {
  return changed<Pod>(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'summarise', namespace: NAMESPACE, labels: { [GRANT_LABEL]: GRANT_NAME } },
      spec: { containers: [{ name: 'main', image: IMAGE }] },
    },
    changes,
  );
}

export const withSpec =
  (spec: Partial<PodSpec>): Change<Pod> =>
  (pod) => ({ ...pod, spec: { ...specOf(pod), ...spec } });

export const withName =
  (name: string): Change<Pod> =>
  (pod) => ({ ...pod, metadata: { ...pod.metadata, name } });

export const withLabels =
  (labels: Record<string, string>): Change<Pod> =>
  (pod) => ({ ...pod, metadata: { ...pod.metadata, labels } });

export const withoutLabels: Change<Pod> = withLabels({});

export const withAnnotation =
  (key: string, value: string): Change<Pod> =>
  (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [key]: value } },
  });

export const withVolume =
  (volume: Omit<Volume, 'name'> & { name?: string }): Change<Pod> =>
  (pod) => {
    const volumes = specOf(pod).volumes ?? [];
    return withSpec({ volumes: [...volumes, { name: `volume-${volumes.length}`, ...volume }] })(pod);
  };

/** A projected volume with one source that mints a token. */
export const withToken = (token: {
  audience?: string;
  expirationSeconds?: number;
  path?: string;
}): Change<Pod> =>
  withVolume({ projected: { sources: [{ serviceAccountToken: { path: 'token', ...token } }] } });

/** Changes the first container. */
export const withContainer =
  (container: Partial<Container>): Change<Pod> =>
  (pod) => {
    const [first, ...rest] = specOf(pod).containers;
    return withSpec({ containers: [{ name: 'main', ...first, ...container }, ...rest] })(pod);
  };

export const withSecretEnv = (name: string): Change<Pod> =>
  withContainer({ env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key: 'password' } } }] });

export const withInitContainer =
  (container: Partial<Container> = {}): Change<Pod> =>
  (pod) =>
    withSpec({
      initContainers: [...(specOf(pod).initContainers ?? []), { name: 'init', image: IMAGE, ...container }],
    })(pod);

export const withEphemeralContainer =
  (container: Partial<EphemeralContainer> = {}): Change<Pod> =>
  (pod) =>
    withSpec({
      ephemeralContainers: [
        ...(specOf(pod).ephemeralContainers ?? []),
        { name: 'debugger', image: IMAGE, ...container },
      ],
    })(pod);

function specOf(pod: Pod): PodSpec {
  if (!pod.spec) throw new TypeError('the pod of a test has a spec');
  return pod.spec;
}

/** An active grant for half an hour from 2026-11-23T09:00:00Z, for one pod, with an API token of ten minutes. */
export function aGrant(...changes: Change<Stored<TaskGrant>>[]): Stored<TaskGrant> {
  return changed<Stored<TaskGrant>>(
    {
      apiVersion: API_VERSION,
      kind: 'TaskGrant',
      metadata: {
        name: GRANT_NAME,
        namespace: NAMESPACE,
        uid: GRANT_UID,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: '2026-11-23T08:59:59Z',
        finalizers: [FINALIZER],
      },
      spec: {
        className: 'default',
        task: { intent: 'Summarise the open support tickets of tenant 4711' },
        workload: { images: [IMAGE], maxPods: 1, allowExec: false },
        envelope: { tokens: [{ name: 'api', expirationSeconds: 600 }] },
        onDrift: 'Revoke',
        duration: '30m',
        completion: { succeeded: 1, podsRunning: 'Terminate' },
        ttlAfterFinished: '24h',
        suspend: false,
        revoke: false,
        requestedBy: { username: 'jane', groups: ['system:authenticated'] },
      },
      status: {
        phase: 'Active',
        serviceAccountName: GRANT_ACCOUNT,
        activatedAt: '2026-11-23T09:00:00.000Z',
        expiresAt: '2026-11-23T09:30:00.000Z',
        decision: { id: 'd-0123456789abcdef', digest: 'sha256:0123' },
      },
    },
    changes,
  );
}

export const withGrantSpec =
  (spec: Partial<TaskGrantSpec>): Change<Stored<TaskGrant>> =>
  (grant) => ({ ...grant, spec: { ...grant.spec, ...spec } });

/** As admission stamps it: by joe, who asked for nothing. */
export const withApproval =
  (decision: Approval['decision'] = 'Approved'): Change<Stored<TaskGrant>> =>
  (grant) =>
    withGrantSpec({
      approval: {
        decision,
        reason: 'looked at',
        decidedBy: { username: 'joe' },
        decidedAt: '2026-11-23T09:00:10.000Z',
        specDigest: specDigestOf(grant),
      },
    })(grant);

/** Only what may be left out of a manifest should be. */
export const withoutGrantSpec =
  (...fields: (keyof TaskGrantSpec)[]): Change<Stored<TaskGrant>> =>
  (grant) => ({
    ...grant,
    spec: Object.fromEntries(
      Object.entries(grant.spec).filter(([field]) => !fields.some((other) => other === field)),
    ) as TaskGrantSpec,
  });

export const withEnvelope =
  (envelope: Partial<Envelope>): Change<Stored<TaskGrant>> =>
  (grant) =>
    withGrantSpec({ envelope: { ...grant.spec.envelope, ...envelope } })(grant);

export const withWorkload =
  (workload: Partial<TaskGrantSpec['workload']>): Change<Stored<TaskGrant>> =>
  (grant) =>
    withGrantSpec({ workload: { ...grant.spec.workload, ...workload } })(grant);

export const withGrantedTokens = (...tokens: GrantedToken[]): Change<Stored<TaskGrant>> =>
  withEnvelope({ tokens });

export const withStatus =
  (status: TaskGrantStatus): Change<Stored<TaskGrant>> =>
  (grant) => ({ ...grant, status: { ...grant.status, ...status } });

export const withoutStatus =
  (...fields: (keyof TaskGrantStatus)[]): Change<Stored<TaskGrant>> =>
  (grant) => ({
    ...grant,
    status: Object.fromEntries(
      Object.entries(grant.status ?? {}).filter(([field]) => !fields.some((other) => other === field)),
    ),
  });

export const inPhase = (phase: Phase): Change<Stored<TaskGrant>> => withStatus({ phase });

/** The grant as it stands right after its creation: nothing was decided yet. */
export const justCreated: Change<Stored<TaskGrant>> = ({ apiVersion, kind, metadata, spec }) => ({
  apiVersion,
  kind,
  metadata,
  spec,
});

/** The class `default`, for RequesterHolds, without limits. */
export function aClass(spec: Partial<TaskGrantClassSpec> = {}, name = 'default'): Stored<TaskGrantClass> {
  return {
    apiVersion: API_VERSION,
    kind: 'TaskGrantClass',
    metadata: {
      name,
      uid: '5f0c0a2e-0000-4000-8000-000000000002',
      resourceVersion: '1',
      creationTimestamp: '2026-11-23T08:00:00Z',
    },
    spec: {
      authorization: 'RequesterHolds',
      grantor: { namespace: 'taskgrant-system', name: 'taskgrant-grantor-default' },
      requireImageDigest: false,
      ...spec,
    },
  };
}
