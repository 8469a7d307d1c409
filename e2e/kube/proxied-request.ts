/** A request on its way through the fault proxy, read the way the API server reads it. */
export interface ProxiedRequest {
  /** Counts up from 1, in the order of arrival. */
  id: number;
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** As RBAC calls it: get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string;
  /** Plural, such as `roles`; empty for what is no resource. */
  resource: string;
  subresource: string;
  namespace: string;
  /** Empty for a collection, and so for a create. */
  name: string;
  /** Whether it would change anything: no read, and no dry run. */
  writes: boolean;
}

/** Reads method and URL as k8s.io/apiserver/pkg/endpoints/request/requestinfo.go does. */
export const describeRequest = (
  id: number,
  method: string,
  url: string,
  headers: ProxiedRequest['headers'],
  body: string,
): ProxiedRequest => {
  const { pathname, searchParams } = new URL(url, 'https://api');
  const parts = pathname.split('/').filter((part) => part !== '');
  // /api/v1/… or /apis/group/version/…
  const segments = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  const inNamespace =
    segments[0] === 'namespaces' && segments.length > 2 && !NAMESPACE_PARTS.has(segments[2] ?? '');
  const namespace = inNamespace ? (segments[1] ?? '') : '';
  const [resource = '', name = '', subresource = ''] = (inNamespace ? segments.slice(2) : segments).map(
    decodeURIComponent,
  );
  const watch = ['true', '1'].includes(searchParams.get('watch') ?? '');
  const verb =
    method === 'GET'
      ? name !== ''
        ? 'get'
        : watch
          ? 'watch'
          : 'list'
      : method === 'DELETE' && name === ''
        ? 'deletecollection'
        : (VERBS[method] ?? method.toLowerCase());
  const writes = method !== 'GET' && !searchParams.has('dryRun') && !REVIEWS.test(resource);
  return {
    id,
    method,
    path: pathname,
    query: searchParams,
    headers,
    body,
    verb,
    resource,
    subresource,
    namespace,
    name,
    writes,
  };
};

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** `/api/v1/namespaces/x/finalize` is of the namespace itself, not of a resource in it. */
const NAMESPACE_PARTS = new Set(['status', 'finalize']);

/** They are created, but nothing is stored. */
const REVIEWS = /reviews$/;
