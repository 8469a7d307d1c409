/** Where a pod's references lead: claims and devices as they are now, and what is the cluster's from caches. */
import type { Lookups } from '../core/identity/surroundings.ts';
import type { Client } from '../kube/client.ts';
import {
  csiDrivers,
  persistentVolumeClaims,
  persistentVolumes,
  resourceClaims,
  resourceClaimTemplates,
  serviceAccounts,
  storageClasses,
} from '../kube/resources.ts';
import { keyOf } from '../kube/store.ts';
import type { Caches } from './caches.ts';
import { found } from '../kube/find.ts';

/** By either of which a StorageClass is the default (kubernetes, pkg/volume/util/storageclass.go, and storage/util IsDefaultAnnotation). */
const DEFAULT_STORAGE_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

type StorageCaches = Pick<Caches, 'csiDrivers' | 'storageClasses' | 'accounts'>;

/** Those of a namespace. A cache that has nothing says nothing: the API server is asked. */
export function createLookups(
  client: Pick<Client, 'get'>,
  caches: StorageCaches,
): (namespace: string) => Lookups {
  return (namespace) => ({
    claim: (name) => found(client, persistentVolumeClaims, { namespace, name }),
    volume: (name) => found(client, persistentVolumes, { name }),
    storageClass: async (name) =>
      caches.storageClasses.get(name) ?? (await found(client, storageClasses, { name })),
    defaultStorageClass: () =>
      Promise.resolve(
        caches.storageClasses
          .list()
          .filter(({ metadata }) =>
            DEFAULT_STORAGE_CLASS.some((annotation) => metadata.annotations?.[annotation] === 'true'),
          )
          // The newest; of two that are as old, the first by name (kubernetes, pkg/volume/util/storageclass.go).
          .sort(
            ({ metadata: a }, { metadata: b }) =>
              Date.parse(b.creationTimestamp) - Date.parse(a.creationTimestamp) || (a.name < b.name ? -1 : 1),
          )
          .at(0),
      ),
    driver: async (name) => caches.csiDrivers.get(name) ?? (await found(client, csiDrivers, { name })),
    resourceClaim: (name) => found(client, resourceClaims, { namespace, name }),
    resourceClaimTemplate: (name) => found(client, resourceClaimTemplates, { namespace, name }),
    accountAnnotations: async (name) => {
      const cached = caches.accounts.get(keyOf({ metadata: { namespace, name } }));
      const account = cached ?? (await found(client, serviceAccounts, { namespace, name }));
      return account?.metadata.annotations;
    },
  });
}
