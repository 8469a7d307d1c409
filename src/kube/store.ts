import type { KubernetesObject, Stored } from '../api/kubernetes.ts';

/** What happened to one object. The same name with a new UID is another object: `deleted`, then `added`. */
export type Change<T extends KubernetesObject> =
  | { type: 'added'; object: Stored<T> }
  | { type: 'updated'; object: Stored<T>; old: Stored<T> }
  /**
   * `object` is the last state that is known; with `finalStateUnknown` the deletion itself was not seen, and the object
   * may have changed before it.
   */
  | { type: 'deleted'; object: Stored<T>; finalStateUnknown: boolean };

/** The values under which an object is found in an index. */
export type Indexer<T extends KubernetesObject> = (object: Stored<T>) => readonly string[];

/** Objects by key, and by the values of each index. */
export interface Store<T extends KubernetesObject, Index extends string> {
  get(key: string): Stored<T> | undefined;
  list(): Stored<T>[];
  keys(): IterableIterator<string>;
  byIndex(index: Index, value: string): Stored<T>[];
  size(): number;
  /** Puts the object in the place of one with the same key, which has the same UID if there is one. */
  put(object: Stored<T>): Change<T> | undefined;
  /** Takes out what has this key. `final` is its last state, where that was seen. */
  remove(key: string, final?: Stored<T>): Change<T> | undefined;
}

/** `namespace/name`, or the name alone of what is cluster-scoped; as client-go's MetaNamespaceKeyFunc. */
export const keyOf = ({
  metadata: { namespace, name },
}: {
  metadata: { namespace?: string; name: string };
}): string => (namespace ? `${namespace}/${name}` : name);

export const createStore = <T extends KubernetesObject, Index extends string>(
  indexers: Readonly<Record<Index, Indexer<T>>>,
): Store<T, Index> => {
  const objects = new Map<string, Stored<T>>();
  const indexes = (Object.entries(indexers) as [Index, Indexer<T>][]).map(([name, valuesOf]) => ({
    name,
    valuesOf,
    // Most values of most indexes lead to one object, and a set takes ten times the memory of a string.
    keys: new Map<string, string | Set<string>>(),
  }));

  const index = (key: string, object: Stored<T>) => {
    for (const { valuesOf, keys } of indexes)
      for (const value of valuesOf(object)) {
        const found = keys.get(value);
        if (found === undefined || found === key) keys.set(value, key);
        else if (typeof found === 'string') keys.set(value, new Set([found, key]));
        else found.add(key);
      }
  };

  const unindex = (key: string, object: Stored<T>) => {
    for (const { valuesOf, keys } of indexes)
      for (const value of valuesOf(object)) {
        const found = keys.get(value);
        if (found === key) keys.delete(value);
        else if (typeof found === 'object' && found.delete(key) && found.size === 0) keys.delete(value);
      }
  };

  return {
    get: (key) => objects.get(key),
    list: () => [...objects.values()],
    keys: () => objects.keys(),
    byIndex(name, value) {
      const found = indexes.find((one) => one.name === name)?.keys.get(value) ?? [];
      const keys = typeof found === 'string' ? [found] : [...found];
      return keys.flatMap((key) => objects.get(key) ?? []);
    },
    size: () => objects.size,
    put(object) {
      const key = keyOf(object);
      const old = objects.get(key);
      // The very same state again, as after a watch that began anew: nothing has changed.
      if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return undefined;
      if (old) unindex(key, old);
      objects.set(key, object);
      index(key, object);
      return old ? { type: 'updated', object, old } : { type: 'added', object };
    },
    remove(key, final) {
      const old = objects.get(key);
      if (!old) return undefined;
      objects.delete(key);
      unindex(key, old);
      return { type: 'deleted', object: final ?? old, finalStateUnknown: final === undefined };
    },
  };
};
