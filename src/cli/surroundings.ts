/** What objects refer to: in the files, and in the cluster where there is one to ask. */
import type { KubernetesObject, Namespace, PersistentVolume } from '../api/kubernetes.ts';
import { AUDIT_LABEL, ENFORCE_LABEL, WARN_LABEL, type Level } from '../api/group.ts';
import { levelOf, strictestLevel } from '../core/envelope/namespace-label.ts';
import { defaultAccountOf, type DefaultAccount } from '../core/envelope/required.ts';
import { classOfVolume, isAvailable } from '../core/identity/backing.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../core/identity/service-account.ts';
import type { Lookups } from '../core/identity/surroundings.ts';
import { DEFAULT_STORAGE_CLASS, markedAsDefault } from '../core/marked-default.ts';
import type { ObjectPlace } from '../kube/client.ts';
import {
  csiDrivers,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  resourceClaims,
  resourceClaimTemplates,
  serviceAccounts,
  storageClasses,
  type Resource,
} from '../kube/resources.ts';
import { groupOf } from './kinds.ts';
import { messageOf } from './problem.ts';

/** Where objects are found. */
export interface Objects {
  /** Undefined where there is none. */
  get<T extends KubernetesObject>(what: Resource<T>, place: ObjectPlace): Promise<T | undefined>;
  /** All of a cluster-scoped kind. */
  list<T extends KubernetesObject>(what: Resource<T>): Promise<T[]>;
}

/** Of two objects with one name the later counts, as it does when a file is applied. */
export function objectsIn(objects: readonly KubernetesObject[]): Objects {
  const byKey = new Map(
    objects.map((object) => [keyOf(groupOf(object.apiVersion), object.kind, object.metadata), object]),
  );
  return {
    get: <T extends KubernetesObject>({ group, kind }: Resource<T>, place: ObjectPlace) =>
      Promise.resolve(byKey.get(keyOf(group, kind, place)) as T | undefined),
    list: <T extends KubernetesObject>({ group, kind }: Resource<T>) =>
      Promise.resolve(
        [...byKey.values()].filter(
          (object): object is T => object.kind === kind && groupOf(object.apiVersion) === group,
        ),
      ),
  };
}

function keyOf(
  group: string,
  kind: string,
  { namespace = '', name = '' }: { namespace?: string | undefined; name?: string | undefined },
): string {
  return [group, kind, namespace, name].join('/');
}

/** What the first has, and then what the second has and the first has not. */
export function objectsOfBoth(first: Objects, second: Objects): Objects {
  return {
    get: async (what, place) => (await first.get(what, place)) ?? (await second.get(what, place)),
    list: async (what) => {
      const ours = await first.list(what);
      const names = new Set(ours.map(({ metadata }) => metadata.name));
      return [...ours, ...(await second.list(what)).filter(({ metadata }) => !names.has(metadata.name))];
    },
  };
}

/**
 * How the references of a namespace's pods are followed.
 *
 * @param note is told of what is not there and counts as harmless, as it does in a cluster
 */
export function lookupsIn(objects: Objects, namespace: string, note: (text: string) => void): Lookups {
  return {
    claim: (name) => objects.get(persistentVolumeClaims, { namespace, name }),
    volume: (name) => objects.get(persistentVolumes, { name }),
    volumesOfClass: async (name, claim) =>
      (await volumesIn(objects, note)).filter(
        (volume) => classOfVolume(volume) === name && isAvailable(volume, namespace, claim),
      ),
    storageClass: (name) => objects.get(storageClasses, { name }),
    defaultStorageClass: async () =>
      markedAsDefault(await objects.list(storageClasses), DEFAULT_STORAGE_CLASS),
    driver: async (name) => {
      const driver = await objects.get(csiDrivers, { name });
      if (!driver) note(`there is no CSIDriver ${name}: it counts as one that is handed no tokens`);
      return driver;
    },
    resourceClaim: (name) => objects.get(resourceClaims, { namespace, name }),
    resourceClaimTemplate: (name) => objects.get(resourceClaimTemplates, { namespace, name }),
    accountAnnotations: async (name) =>
      (await objects.get(serviceAccounts, { namespace, name }))?.metadata.annotations,
  };
}

/** Not everybody who writes pods may see volumes. */
async function volumesIn(objects: Objects, note: (text: string) => void): Promise<PersistentVolume[]> {
  try {
    return await objects.list(persistentVolumes);
  } catch (error) {
    note(
      `volumes that are there already are not looked at, which a claim may be bound to: ${messageOf(error)}`,
    );
    return [];
  }
}

/** At which level a namespace's pods are judged; undefined: not at all. */
export interface Levels {
  refused: Level | undefined;
  /** Where nobody is refused: warned about, or written to the audit log. */
  reported: Level | undefined;
}

/** As the namespace's labels say; undefined where there is no such namespace. */
export async function levelsIn(objects: Objects, namespace: string): Promise<Levels | undefined> {
  const found = await objects.get<Namespace>(namespaces, { name: namespace });
  if (!found) return undefined;
  const labels = found.metadata.labels ?? {};
  return {
    refused: levelOf(labels[ENFORCE_LABEL]),
    reported: strictestLevel([labels[WARN_LABEL], labels[AUDIT_LABEL]]),
  };
}

export async function defaultAccountIn(objects: Objects, namespace: string): Promise<DefaultAccount> {
  return defaultAccountOf(await objects.get(serviceAccounts, { namespace, name: DEFAULT_SERVICE_ACCOUNT }));
}
