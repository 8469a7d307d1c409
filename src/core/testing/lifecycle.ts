/** Facts about a grant for tests of the lifecycle: everything is in order, and a test names only what is not. */
import type { Namespace, Pod, Stored } from '../../api/kubernetes.ts';
import type { GrantConditionType } from '../../api/reasons.ts';
import type { GrantCondition, TaskGrant, TaskGrantStatus } from '../../api/taskgrant.ts';
import { decisionFor } from '../decision/decision.ts';
import type { Action, Facts, Plan } from '../lifecycle/facts.ts';
import { inventoryItemOf, issuedFor, type FoundObject, type IssuedObject } from '../lifecycle/issued.ts';
import { ratedNow } from '../lifecycle/risk.ts';
import { NOTHING_BESIDES } from '../rules/effective.ts';
import {
  aClass,
  aGrant,
  aPod,
  GRANT_ACCOUNT,
  inPhase,
  justCreated,
  NAMESPACE,
  NOW,
  withEnvelope,
  withSpec,
  withStatus,
  type Change,
} from './builders.ts';
import { API_AUDIENCE } from './judging.ts';

/** Whose grantor aClass() names. */
const RELEASE = { namespace: 'taskgrant-system', name: 'taskgrant' };

/** A class without RequesterHolds: only who may use it is asked. */
export const CEILING = aClass({ authorization: 'Ceiling' });

export function aNamespace(
  labels: Record<string, string> = { 'taskgrant.dev/enforce': 'granted' },
): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, uid: '5f0c0a2e-0000-4000-8000-000000000003', labels },
  };
}

/** Rights in two namespaces: five objects are issued for it. */
export const withRights = withEnvelope({
  kubernetes: [
    { namespaces: [NAMESPACE, 'support'], apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
  ],
});

/** The grant as it stands in front of its first decision. */
export function aNewGrant(...changes: Change<Stored<TaskGrant>>[]): Stored<TaskGrant> {
  return aGrant(justCreated, withRights, ...changes);
}

/** Everything that is issued for a grant, as the API server returns it. */
export function everythingIssuedFor(grant: Stored<TaskGrant>): FoundObject[] {
  return issuedFor(grant, grant.status?.serviceAccountName ?? GRANT_ACCOUNT).map((object, index) =>
    asStored(object, `uid-${index}`),
  );
}

export function asStored(object: IssuedObject, uid: string): FoundObject {
  const metadata = {
    ...object.metadata,
    name: object.metadata.name ?? '',
    uid,
    resourceVersion: '1',
    creationTimestamp: '2026-11-23T09:00:00Z',
  };
  return { ...object, metadata };
}

/** Facts about a grant that was just created, and that nothing stands in the way of. */
export function someFacts(changes: Partial<Facts> = {}): Facts {
  return {
    grant: aNewGrant(),
    now: NOW,
    class: CEILING,
    namespace: aNamespace(),
    failedValidations: [],
    apiAudiences: [API_AUDIENCE],
    release: RELEASE,
    externalKeys: [],
    neverJudged: false,
    enforcement: { proven: true, message: 'a pod that has to be refused was refused' },
    olderUnfinished: 0,
    besides: NOTHING_BESIDES,
    pods: [],
    found: [],
    requesterLacks: [],
    suffix: 'bcdfghjk',
    written: [],
    progress: {},
    ...changes,
  };
}

/** Everything was created by the process that decides now. */
export function withEverythingCreated(facts: Facts): Facts {
  const found = everythingIssuedFor(facts.grant);
  return { ...facts, found, written: found.map(({ metadata }) => metadata.uid) };
}

/** Facts about a grant whose inventory is recorded, and of which nothing was created yet. */
export function factsWhileProvisioning(
  changes: Partial<Facts> = {},
  ...grantChanges: Change<Stored<TaskGrant>>[]
): Facts {
  const grant = aNewGrant(...grantChanges);
  const status: TaskGrantStatus = {
    phase: 'Pending',
    serviceAccountName: GRANT_ACCOUNT,
    inventory: issuedFor(grant, GRANT_ACCOUNT).map(inventoryItemOf),
    decision: decisionFor({ grant, class: CEILING, namespace: aNamespace() }),
    podsUsed: `0/${grant.spec.workload.maxPods}`,
  };
  return someFacts({ grant: withStatus(status)(grant), ...changes });
}

/** Facts about an active grant, with everything that was issued for it. */
export function factsWhileActive(
  changes: Partial<Facts> = {},
  ...grantChanges: Change<Stored<TaskGrant>>[]
): Facts {
  const grant = aGrant(withRights, ...grantChanges);
  const found = everythingIssuedFor(grant);
  const status = {
    serviceAccountName: GRANT_ACCOUNT,
    inventory: found.map(inventoryItemOf),
    ...ratedNow({ grant, besides: NOTHING_BESIDES }),
    podsUsed: `0/${grant.spec.workload.maxPods}`,
  };
  return someFacts({ grant: withStatus(status)(grant), found, ...changes });
}

/** Facts about a grant whose end is recorded. */
export function factsWhileRevoking(
  changes: Partial<Facts> = {},
  ...grantChanges: Change<Stored<TaskGrant>>[]
): Facts {
  return factsWhileActive(
    changes,
    inPhase('Revoking'),
    withStatus({ revocation: { reason: 'Expired', requestedAt: '2026-11-23T09:00:29.990Z' } }),
    ...grantChanges,
  );
}

/** A pod of the grant, as observed. */
export function aTaskPod(
  name: string,
  phase: string,
  { createdAt = '2026-11-23T09:00:05Z', ...changes }: { createdAt?: string } & Partial<Pod['status']> = {},
): Stored<Pod> {
  const pod = aPod(withSpec({ nodeName: 'node-1' }));
  const metadata = {
    ...pod.metadata,
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    creationTimestamp: createdAt,
  };
  return { ...pod, metadata, status: { phase, ...changes } };
}

/** What a plan does, one word or two for each action, step by step. */
export function outlineOf({ steps }: Plan): string[][] {
  return steps.map((step) => [...new Set(step.map(outlineOfAction))]);
}

function outlineOfAction(action: Action): string {
  if (action.do === 'create') return `create ${action.object.kind}`;
  if (action.do === 'remove') return `remove ${action.item.kind}`;
  if (action.do === 'removePod') return `removePod ${action.name}`;
  if (action.do === 'note') return `note ${action.what}`;
  return action.do;
}

/** The status that a plan writes. @throws Error where it writes none. */
export function statusWrittenBy({ steps }: Plan): TaskGrantStatus {
  for (const action of steps.flat()) if (action.do === 'writeStatus') return action.status;
  throw new Error(`no status is written: ${JSON.stringify(steps)}`);
}

export function conditionOf(
  status: TaskGrantStatus | undefined,
  type: GrantConditionType,
): GrantCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
