/** Where a pod's references lead: claims and devices as they are now, and what is the cluster's from caches. */
import { isAvailable } from '../core/identity/backing.ts';
import type { Lookups } from '../core/identity/surroundings.ts';
import { DEFAULT_STORAGE_CLASS, markedAsDefault } from '../core/marked-default.ts';
import type { Client } from '../kube/client.ts';
import { found } from '../kube/find.ts';
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

type StorageCaches = Pick<Caches, 'csiDrivers' | 'storageClasses' | 'volumes' | 'accounts'>;

/** Those of a namespace. A cache that has nothing says nothing: the API server is asked. */
export function createLookups(
  client: Pick<Client, 'get'>,
  caches: StorageCaches,
): (namespace: string) => Lookups {
  return (namespace) => ({
    claim: (name) => found(client, persistentVolumeClaims, { namespace, name }),
    volume: async (name) => caches.volumes.get(name) ?? (await found(client, persistentVolumes, { name })),
    volumesOfClass: (name, claim) =>
      Promise.resolve(
        caches.volumes.byIndex('class', name).filter((volume) => isAvailable(volume, namespace, claim)),
      ),
    storageClass: async (name) =>
      caches.storageClasses.get(name) ?? (await found(client, storageClasses, { name })),
    defaultStorageClass: () =>
      Promise.resolve(markedAsDefault(caches.storageClasses.list(), DEFAULT_STORAGE_CLASS)),
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
