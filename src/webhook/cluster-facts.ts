/** Everything that reviewers ask about but grants: from the caches, and live where those have nothing. */
import pLimit, { type LimitFunction } from 'p-limit';
import { DEFAULT_CLASS_ANNOTATION } from '../api/group.ts';
import { grantNameOf } from '../core/envelope/judge-pod.ts';
import { defaultAccountOf } from '../core/envelope/required.ts';
import { accessReview } from '../core/envelope/requester.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../core/identity/service-account.ts';
import { markedAsDefault } from '../core/marked-default.ts';
import type { Namespace } from '../api/kubernetes.ts';
import type { Client } from '../kube/client.ts';
import { monotonicNow } from '../kube/clock.ts';
import {
  namespaces,
  pods,
  serviceAccounts,
  subjectAccessReviews,
  taskGrantClasses,
} from '../kube/resources.ts';
import { keyOf } from '../kube/store.ts';
import { accountKey, type Caches } from './caches.ts';
import { found } from '../kube/find.ts';
import type { AccessFacts, ClassFacts, NamespaceFacts, PodFacts } from './facts.ts';
import { DEFAULT_TIMEOUT_MS } from './server.ts';

export function createClassFacts(client: Client, { classes }: Pick<Caches, 'classes'>): ClassFacts {
  return {
    get: async (name) => classes.get(name) ?? (await found(client, taskGrantClasses, { name })),
    current: (name) => found(client, taskGrantClasses, { name }),
    default: () => markedAsDefault(classes.list(), [DEFAULT_CLASS_ANNOTATION]),
  };
}

export function createPodFacts(client: Client, { pods: cache }: Pick<Caches, 'pods'>): PodFacts {
  return {
    countUsed({ metadata, status }, exceptUid) {
      const account = status?.serviceAccountName;
      const observed =
        account === undefined ? [] : cache.byIndex('account', accountKey(metadata.namespace, account));
      const used = new Set([
        ...(status?.pods ?? []).map(({ uid }) => uid),
        ...observed.map((pod) => pod.metadata.uid),
      ]);
      if (exceptUid !== undefined) used.delete(exceptUid);
      return used.size;
    },
    async grantNameOf(namespace, name) {
      const cached = cache.get(keyOf({ metadata: { namespace, name } }));
      const pod = cached ?? (await found(client, pods, { namespace, name }));
      return pod && grantNameOf(pod);
    },
    async bound(namespace, { name = '', uid }) {
      if (name === '') return undefined;
      const cached = cache.get(keyOf({ metadata: { namespace, name } }));
      // A node asks as soon as it has the pod, and the cache may have heard neither of the pod nor of its node.
      const isKnown = cached?.metadata.uid === uid && cached?.spec?.nodeName !== undefined;
      return isKnown ? cached : found(client, pods, { namespace, name });
    },
    ofAccount: ({ namespace, name }) => cache.byIndex('account', accountKey(namespace, name)),
  };
}

export function createNamespaceFacts(client: Client, caches: Pick<Caches, 'namespaces'>): NamespaceFacts {
  const current = (name: string) => found(client, namespaces, { name });
  const known = async (name: string) => caches.namespaces.get(name) ?? (await current(name));
  const labelsOf = (namespace: Namespace | undefined) => namespace && (namespace.metadata.labels ?? {});
  return {
    level: async (name, label) => labelsOf(await known(name))?.[label],
    labels: async (name) => labelsOf(await known(name)),
    currentLabels: async (name) => labelsOf(await current(name)),
    async defaultAccount(namespace) {
      return defaultAccountOf(
        await found(client, serviceAccounts, { namespace, name: DEFAULT_SERVICE_ACCOUNT }),
      );
    },
  };
}

/**
 * So many questions are asked at a time about one user in one namespace, in however many requests: the rest is for others. By the
 * namespace too, since one account may create everybody's grants (Argo CD's, say).
 */
const QUESTIONS_AT_A_TIME = 16;

export function createAccessFacts(client: Pick<Client, 'create'>): AccessFacts {
  const limits = new Map<string, LimitFunction>();
  return {
    async denied({ user, namespace, signal }, questions) {
      const { username = '' } = user;
      const key = JSON.stringify([namespace, username]);
      const limit = limits.get(key) ?? pLimit(QUESTIONS_AT_A_TIME);
      limits.set(key, limit);
      const askedAt = monotonicNow();
      const asking = questions.map((question) =>
        limit(async () => {
          // Nobody waits any more: whoever sends more than can be answered must not have it asked on and on.
          if (monotonicNow() - askedAt > DEFAULT_TIMEOUT_MS)
            throw new Error(`${username} asks for more than can be answered at a time`);
          const review = accessReview(user, question);
          const { status } = await client.create(subjectAccessReviews, review, { signal });
          return status?.allowed === true;
        }),
      );
      void Promise.allSettled(asking).then(() => {
        if (limit.activeCount + limit.pendingCount === 0) limits.delete(key);
      });
      const verdicts = await Promise.all(asking);
      return questions.filter((_, index) => !verdicts[index]);
    },
  };
}
