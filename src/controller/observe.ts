/** Reads everything that a grant is decided on: from the caches, and live where a cache could be behind. */
import { randomBytes } from 'node:crypto';
import { SUFFIX_LENGTH } from '../api/group.ts';
import type { Pod, Stored } from '../api/kubernetes.ts';
import { isBeforeActive, isFinal } from '../api/reasons.ts';
import type { InventoryItem, TaskGrant } from '../api/taskgrant.ts';
import { grantWithinClass } from '../core/envelope/class.ts';
import type { Release } from '../core/envelope/grantor.ts';
import type { ExternalKey } from '../core/identity/external-identity.ts';
import type { Facts } from '../core/lifecycle/facts.ts';
import {
  driftOf,
  inventoryItemOf,
  isIssuedFor,
  isGoing,
  issuedFor,
  sameName,
  type FoundObject,
  type IssuedObject,
} from '../core/lifecycle/issued.ts';
import { unobserved } from '../core/lifecycle/pods.ts';
import { suffixFrom } from '../core/names.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import {
  namespaces,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  taskGrantClasses,
  type Resource,
} from '../kube/resources.ts';
import type { BoundAccess } from './bound-access.ts';
import type { EnforcementState } from './enforcement.ts';
import { keyOfGrant } from './grant-key.ts';
import type { Readers } from './readers.ts';
import type { ClassValidations } from './validations.ts';

export interface ObserveOptions {
  client: Client;
  readers: Readers;
  enforcement: () => EnforcementState;
  bound: BoundAccess;
  validations: ClassValidations;
  /** Namespaces that the webhook configurations leave out by name. */
  neverJudged: readonly string[];
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
  release: Release;
  /** By what other identity systems know accounts, besides those that are known anyway. */
  externalKeys: readonly ExternalKey[];
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Everything that is known about a grant. `grant` is handed in, because only the caller knows how fresh it is. */
export async function observe(grant: Stored<TaskGrant>, options: ObserveOptions): Promise<Facts> {
  const { readers, enforcement, bound, neverJudged, apiAudiences, release, externalKeys, now } = options;
  return {
    grant,
    now: now(),
    ...(await findStanding(grant, options)),
    apiAudiences,
    release,
    externalKeys,
    neverJudged: neverJudged.includes(grant.metadata.namespace),
    enforcement: enforcement(),
    olderUnfinished: olderUnfinished(grant, readers),
    besides: bound.of(grant),
    pods: await findPods(grant, options),
    found: await findIssued(grant, options),
    suffix: suffixFrom(randomBytes(SUFFIX_LENGTH)),
    written: [],
    progress: {},
  };
}

/**
 * The grant's class and namespace. Where by the caches the one does not allow the grant in the other, or is not there, it may be that
 * they just have not heard, and a wrong guess would deny the grant or end it: so the API server is asked.
 */
async function findStanding(
  grant: Stored<TaskGrant>,
  { client, readers, validations, apiAudiences }: ObserveOptions,
): Promise<Pick<Facts, 'class' | 'namespace' | 'failedValidations'>> {
  const { className } = grant.spec;
  const { namespace } = grant.metadata;
  const { phase } = grant.status ?? {};
  const cached = {
    class: className === undefined ? undefined : readers.classes.get(className),
    namespace: readers.namespaces.get(namespace),
  };
  if (className === undefined || isFinal(phase) || phase === 'Revoking')
    return { ...cached, failedValidations: [] };
  const judged = async (standing: Pick<Facts, 'class' | 'namespace'>) => ({
    ...standing,
    failedValidations: standing.class
      ? await validations.failed(grant, standing.class, standing.namespace)
      : [],
  });
  const byCaches = await judged(cached);
  const { class: itsClass } = cached;
  const isAllowed =
    itsClass !== undefined &&
    byCaches.failedValidations.length === 0 &&
    grantWithinClass(grant, itsClass, { labels: cached.namespace?.metadata.labels, apiAudiences }).length ===
      0;
  if (isAllowed) return byCaches;
  const [currentClass, currentNamespace] = await Promise.all([
    ifThere(() => client.get(taskGrantClasses, { name: className })),
    ifThere(() => client.get(namespaces, { name: namespace })),
  ]);
  return judged({ class: currentClass, namespace: currentNamespace });
}

/** Everything in the caches that is labelled as made for the grant of this key, whichever grant of that name it was. */
export function labelledFor(key: string, readers: Readers): FoundObject[] {
  return [
    ...readers.serviceAccounts
      .byIndex('grant', key)
      .map((object) => ({ ...object, kind: 'ServiceAccount' as const })),
    ...readers.roles.byIndex('grant', key).map((object) => ({ ...object, kind: 'Role' as const })),
    ...readers.roleBindings
      .byIndex('grant', key)
      .map((object) => ({ ...object, kind: 'RoleBinding' as const })),
  ];
}

/**
 * Pods that use the grant's account. A recorded one that the cache does not have may be one that another process, the
 * leader before, heard of earlier; and taken for gone, it would end the grant and be stopped: so the API server is asked.
 */
async function findPods(
  grant: Stored<TaskGrant>,
  { client, readers }: ObserveOptions,
): Promise<Stored<Pod>[]> {
  const { serviceAccountName: account, pods: recorded = [] } = grant.status ?? {};
  const cached = readers.pods
    .byIndex('grant', keyOfGrant(grant))
    .filter(({ spec }) => account !== undefined && spec?.serviceAccountName === account);
  if (isFinal(grant.status?.phase)) return cached;
  const asked = await Promise.all(
    unobserved(recorded, cached).map(({ name }) =>
      ifThere(() => client.get(pods, { namespace: grant.metadata.namespace, name })),
    ),
  );
  // Another pod may have the name by now; one that is new to the cache will come with its event.
  const there = asked.filter((pod) => recorded.some(({ uid }) => uid === pod?.metadata.uid));
  return [...cached, ...there.filter((pod) => pod !== undefined)];
}

async function ifThere<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * What exists of what was made for the grant. Where the cache has no object, or another one than was issued, it may
 * just not have heard yet, and a wrong guess would end the grant: so the API server is asked.
 */
async function findIssued(
  grant: Stored<TaskGrant>,
  { client, readers, externalKeys }: ObserveOptions,
): Promise<FoundObject[]> {
  const labelled = labelledFor(keyOfGrant(grant), readers).filter((object) => isIssuedFor(grant, object));
  const { phase, inventory } = grant.status ?? {};
  if (isFinal(phase) || phase === 'Revoking' || !inventory) return labelled;
  // What is not recorded was not made: of a suspended grant, that is all but its account.
  const issued = issuedFor(grant).filter((object) =>
    inventory.some((item) => sameName(item, inventoryItemOf(object))),
  );
  const found = await Promise.all(
    issued.map(async (object) => {
      const item = inventoryItemOf(object);
      const cached = labelled.find((other) => sameName(inventoryItemOf(other), item));
      const recorded = inventory.find((other) => sameName(other, item));
      const agrees =
        cached &&
        driftOf(object, cached, externalKeys) === undefined &&
        (recorded?.uid ?? cached.metadata.uid) === cached.metadata.uid;
      return agrees ? cached : await getIssued(item, client);
    }),
  );
  return [...found.filter((object) => object !== undefined), ...(phase === 'Suspended' ? madeSince() : [])];

  /** What a process that was paused has made for a grant that is suspended by now. What is going already is left to go. */
  function madeSince(): FoundObject[] {
    return labelled.filter(
      (object) =>
        !isGoing(object) &&
        !issued.some((other) => sameName(inventoryItemOf(other), inventoryItemOf(object))),
    );
  }
}

/** The object as the API server has it now; undefined where there is none. */
export async function getIssued(
  { kind, namespace, name }: InventoryItem,
  client: Client,
): Promise<FoundObject | undefined> {
  const object = await ifThere(() =>
    client.get<IssuedObject>(RESOURCES[kind] as Resource<IssuedObject>, { namespace, name }),
  );
  return object && ({ ...object, kind } as FoundObject);
}

export const RESOURCES = { ServiceAccount: serviceAccounts, Role: roles, RoleBinding: roleBindings } as const;

function olderUnfinished(grant: Stored<TaskGrant>, readers: Readers): number {
  const { namespace, creationTimestamp, name } = grant.metadata;
  // Only counted where it is asked for: an index by namespace may hold thousands of finished grants.
  if (!isBeforeActive(grant.status?.phase)) return 0;
  const limited = readers.classes.get(grant.spec.className ?? '')?.spec.limits?.maxActivePerNamespace;
  if (limited === undefined) return 0;
  return readers.grants
    .byIndex('namespace', namespace)
    .filter(
      (other) =>
        other.spec.className === grant.spec.className &&
        !isFinal(other.status?.phase) &&
        `${other.metadata.creationTimestamp} ${other.metadata.name}` < `${creationTimestamp} ${name}`,
    ).length;
}
