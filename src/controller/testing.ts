/** What tests of the controller share. */
import type { KubernetesObject, Stored } from '../api/kubernetes.ts';
import { createStore, type Change, type Indexer } from '../kube/store.ts';

/** A reader, as far as it is read and subscribed to, with what a test puts into it. */
export function reading<T extends KubernetesObject, Index extends string>(
  indexers: Record<Index, Indexer<T>>,
) {
  const store = createStore<T, Index>(indexers);
  const handlers = new Set<(change: Change<T>) => void>();
  let version = 0;
  const tell = (change: Change<T> | undefined) => {
    if (change) for (const handler of handlers) handler(change);
  };
  return {
    list: () => store.list(),
    get: (key: string) => store.get(key),
    byIndex: (index: Index, value: string) => store.byIndex(index, value),
    subscribe: (handler: (change: Change<T>) => void) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    put: (object: T) => {
      const metadata = { ...object.metadata, resourceVersion: String(++version) };
      tell(store.put({ ...object, metadata } as Stored<T>));
    },
    remove: (key: string) => {
      tell(store.remove(key));
    },
  };
}
