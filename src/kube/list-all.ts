import type { KubernetesObject, List, Stored } from '../api/kubernetes.ts';
import { isTooLarge } from './api-error.ts';
import type { Client, ListOptions } from './client.ts';
import type { Resource } from './resources.ts';

/** client-go's page size (k8s.io/client-go/tools/pager): it bounds how long one answer blocks the event loop. */
export const PAGE_SIZE = 500;

/**
 * The most of one page that is read, in bytes: a full page of objects of the usual few KiB. An object may have 1.5 MiB
 * (etcd's --max-request-bytes), and a page of five hundred of those, parsed, is more than the process may have; anybody who
 * may create such objects could keep it from starting.
 */
export const MAX_PAGE_BYTES = 4 * 2 ** 20;

/** By how much a page that was too large is made smaller, and one that was not larger again. */
const SHRINK = 4;
const GROW = 2;

/** One page of a consistent list, and the resource version as of which all its pages are. */
export interface Page<T extends KubernetesObject> {
  items: Stored<T>[];
  resourceVersion: string;
}

/** What is listed; all in one piece where the limit is undefined and it fits, in pages of PAGE_SIZE where there is none. */
export type PageOptions = Omit<ListOptions, 'continue' | 'maxBytes'>;

/**
 * A list page by page, all as of one resource version: the one at which the first page was read. It is read by quorum,
 * never from a cache that may be behind (no `resourceVersion=0`): a task's end must not be unseen again. Where objects are
 * large, pages have fewer of them, down to one.
 * @throws as Client.list; isExpired when the list took so long that its version is gone: begin again.
 */
export async function* pagesOf<T extends KubernetesObject>(
  client: Pick<Client, 'list'>,
  what: Resource<T>,
  place: { namespace?: string | undefined },
  options: PageOptions = {},
): AsyncGenerator<Page<T>, void, undefined> {
  const { limit: most, ...rest } = { limit: PAGE_SIZE, ...options };
  let limit = most;
  let next: string | undefined;
  const page = async (): Promise<List<Stored<T>>> => {
    for (;;) {
      try {
        const maxBytes = limit === 1 ? undefined : MAX_PAGE_BYTES;
        return await client.list(what, place, { ...rest, limit, continue: next, maxBytes });
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        limit = limit === undefined ? PAGE_SIZE : Math.max(1, Math.floor(limit / SHRINK));
      }
    }
  };
  do {
    const { items, metadata } = await page();
    yield { items, resourceVersion: metadata.resourceVersion ?? '' };
    next = metadata.continue;
    if (limit !== undefined) limit = Math.min(most ?? PAGE_SIZE, limit * GROW);
  } while (next);
}

/** Every object of a collection, by `pagesOf`. */
export const listAll = async <T extends KubernetesObject>(
  client: Client,
  what: Resource<T>,
  place: { namespace?: string | undefined } = {},
  options: PageOptions = {},
): Promise<Stored<T>[]> => {
  const all: Stored<T>[] = [];
  for await (const { items } of pagesOf(client, what, place, options)) all.push(...items);
  return all;
};
