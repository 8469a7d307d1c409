import type { KubernetesObject, Stored } from '../api/kubernetes.ts';
import type { Client, ListOptions } from './client.ts';
import type { Resource } from './resources.ts';

/** client-go's page size (k8s.io/client-go/tools/pager): it bounds how long one answer blocks the event loop. */
export const PAGE_SIZE = 500;

/** One page of a consistent list, and the resource version as of which all its pages are. */
export interface Page<T extends KubernetesObject> {
  items: Stored<T>[];
  resourceVersion: string;
}

/**
 * A list page by page, all as of one resource version: the one at which the first page was read. It is read by quorum,
 * never from a cache that may be behind (no `resourceVersion=0`): a task's end must not be unseen again.
 * @throws as Client.list; isExpired when the list took so long that its version is gone: begin again.
 */
export async function* pagesOf<T extends KubernetesObject>(
  client: Client,
  what: Resource<T>,
  place: { namespace?: string | undefined },
  options: Omit<ListOptions, 'continue'> = {},
): AsyncGenerator<Page<T>, void, undefined> {
  let next: string | undefined;
  do {
    const page = await client.list(what, place, { limit: PAGE_SIZE, ...options, continue: next });
    yield { items: page.items, resourceVersion: page.metadata.resourceVersion ?? '' };
    next = page.metadata.continue;
  } while (next);
}

/** Every object of a collection, by `pagesOf`. */
export const listAll = async <T extends KubernetesObject>(
  client: Client,
  what: Resource<T>,
  place: { namespace?: string | undefined } = {},
  options: Omit<ListOptions, 'continue'> = {},
): Promise<Stored<T>[]> => {
  const all: Stored<T>[] = [];
  for await (const { items } of pagesOf(client, what, place, options)) all.push(...items);
  return all;
};
