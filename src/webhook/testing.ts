/** Facts and requests for tests of reviewers: plain data behind the interfaces. */
import { ENFORCE_LABEL } from '../api/group.ts';
import type { AdmissionRequest, Pod, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { externalKeys } from '../core/identity/external-identity.ts';
import type { Lookups } from '../core/identity/surroundings.ts';
import type { PatchOperation } from '../core/injection/json-patch.ts';
import { aClass, aGrant, NAMESPACE, NOW } from '../core/testing/builders.ts';
import { API_AUDIENCE } from '../core/testing/judging.ts';
import type { Facts } from './facts.ts';
import type { Answer, CallContext, Reviewer } from './review.ts';

interface World {
  grant?: Stored<TaskGrant> | 'none';
  itsClass?: ReturnType<typeof aClass> | 'none';
  /** The class as the API server has it, where the cache has not heard of that. */
  currentClass?: ReturnType<typeof aClass> | 'none';
  defaultClass?: ReturnType<typeof aClass>;
  podsUsed?: number;
  unfinished?: number;
  /** Grants that have rights in the namespace. */
  activated?: number;
  /** The grant that a pod names that is there already. */
  podsGrant?: string;
  /** The pods that are there. */
  pods?: Stored<Pod>[];
  /** The namespace’s labels besides enforce. */
  levels?: Record<string, string>;
  /** Those that are not there; all others are. */
  missingNamespaces?: string[];
  /** All of the namespace’s labels as the API server has them, where the cache has not heard of that. */
  currentLabels?: Record<string, string>;
  lookups?: Lookups;
  /** The namespace’s label; undefined has none. */
  enforceLevel?: string | undefined;
  defaultPullSecrets?: string[];
  /** Which questions, about whom, the API server says no to. */
  denies?: (question: object, username: string) => boolean;
  now?: number;
}

const nothing = () => Promise.resolve(undefined);

/** A cluster in which no reference leads anywhere. */
export const NOTHING_THERE: Lookups = {
  claim: nothing,
  volume: nothing,
  volumesOfClass: () => Promise.resolve([]),
  storageClass: nothing,
  defaultStorageClass: nothing,
  driver: nothing,
  resourceClaim: nothing,
  resourceClaimTemplate: nothing,
  accountAnnotations: nothing,
};

/** A world in which aGrant() is active in an enforced namespace and everybody may do everything. */
export function someFacts(world: World = {}): Facts {
  const {
    grant = aGrant(),
    itsClass = aClass(),
    defaultClass,
    podsUsed = 0,
    unfinished = 0,
    activated = 0,
    podsGrant,
    pods = [],
    levels = {},
    missingNamespaces = [],
    lookups = NOTHING_THERE,
    defaultPullSecrets = [],
    denies = () => false,
    now = NOW,
  } = world;
  const current = world.currentClass ?? itsClass;
  const enforceLevel = 'enforceLevel' in world ? world.enforceLevel : 'granted';
  const named = (namespace: string, name: string) =>
    Promise.resolve(
      grant !== 'none' && grant.metadata.namespace === namespace && grant.metadata.name === name
        ? grant
        : undefined,
    );
  return {
    grants: {
      get: named,
      current: named,
      settled: named,
      countUnfinished: () => unfinished,
      countActivated: () => activated,
    },
    classes: {
      get: (name) =>
        Promise.resolve(itsClass !== 'none' && itsClass.metadata.name === name ? itsClass : undefined),
      current: (name) =>
        Promise.resolve(current !== 'none' && current.metadata.name === name ? current : undefined),
      default: () => defaultClass,
    },
    pods: {
      countUsed: () => podsUsed,
      grantNameOf: () => Promise.resolve(podsGrant),
      bound: (_, ref) => Promise.resolve(pods.find(({ metadata }) => metadata.name === ref.name)),
      ofAccount: ({ name }) => pods.filter(({ spec }) => spec?.serviceAccountName === name),
    },
    namespaces: {
      level: (_, label) => Promise.resolve({ [ENFORCE_LABEL]: enforceLevel, ...levels }[label]),
      labels: (name) => Promise.resolve(missingNamespaces.includes(name) ? undefined : levels),
      currentLabels: () => Promise.resolve(world.currentLabels ?? levels),
      defaultAccount: () => Promise.resolve({ automounts: true, pullSecrets: defaultPullSecrets }),
    },
    access: {
      denied: ({ user }, questions) =>
        Promise.resolve(questions.filter((question) => denies(question, user.username ?? ''))),
    },
    apiAudiences: [API_AUDIENCE],
    lookups: () => lookups,
    externalKeys: externalKeys(),
    schedulers: ['system:kube-scheduler'],
    now: () => now,
  };
}

export const JANE = { username: 'jane', groups: ['system:authenticated'] };

export function aRequest(request: Partial<AdmissionRequest>): AdmissionRequest {
  return {
    uid: 'c1c4ae6f-0000-4000-8000-000000000000',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    namespace: NAMESPACE,
    operation: 'CREATE',
    userInfo: JANE,
    ...request,
  };
}

export const context = (more: Partial<CallContext> = {}): CallContext => ({
  signal: new AbortController().signal,
  timeoutMs: 10_000,
  size: 10_000,
  ...more,
});

export function review(reviewer: Reviewer, request: Partial<AdmissionRequest>): Promise<Answer> {
  return reviewer(aRequest(request), context());
}

export function codesOf(answer: Answer): string[] {
  return answer.allowed ? [] : answer.violations.map(({ code }) => code);
}

export function patchOf(answer: Answer): readonly PatchOperation[] {
  return answer.allowed ? (answer.patch ?? []) : [];
}
