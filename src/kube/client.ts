import type { KubernetesObject, List, ListMeta, Status, Stored } from '../api/kubernetes.ts';
import { ApiError, isTooLarge, NoAnswerError } from './api-error.ts';
import { monotonicNow, sleep } from './clock.ts';
import type { Random } from './clock.ts';
import type { ClusterAccess } from './cluster-access.ts';
import type { ClientMetrics } from './metrics.ts';
import { apiVersionOf, pathOf } from './resources.ts';
import type { Place, Resource } from './resources.ts';
import { createTransport } from './transport.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

export interface ReadOptions {
  signal?: AbortSignal | undefined;
  /** Bounds the whole call, retries included, in milliseconds. Default: 30,000. */
  timeoutMs?: number | undefined;
}

export interface WriteOptions extends ReadOptions {
  /** Everything is done but the storing: admission, validation, defaulting. */
  dryRun?: boolean | undefined;
  /** Default: the client's own. */
  fieldManager?: string | undefined;
  /** Default: `Strict`, so that a misspelt field is an error and not a silent nothing. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | undefined;
}

export interface ListOptions extends ReadOptions {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Objects per page; all of them in one answer when left out. */
  limit?: number | undefined;
  /** `metadata.continue` of the page before. */
  continue?: string | undefined;
  /** Only `metadata` of each object is sent (PartialObjectMetadata). */
  metadataOnly?: boolean | undefined;
  /** An answer of more bytes is not read to its end: NoAnswerError with the reason `TooLarge`. */
  maxBytes?: number | undefined;
}

export interface DeleteOptions extends ReadOptions {
  dryRun?: boolean | undefined;
  /** Deletes only this very object, in this very state: otherwise a Conflict. */
  preconditions?: { uid?: string; resourceVersion?: string } | undefined;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
  gracePeriodSeconds?: number | undefined;
}

export interface WatchOptions {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  resourceVersion: string;
  /** After so long the server ends the watch. */
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** One operation of a JSON patch, RFC 6902. */
export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; path: string; from: string };

export type Patch =
  /** RFC 7386: lists are replaced as a whole, null removes. */
  | { type: 'merge'; body: object }
  | { type: 'json'; body: readonly JsonPatchOperation[] }
  /** Server-side apply. `force` takes fields over from other managers. */
  | { type: 'apply'; body: object; force?: boolean };

/** Without groups, the API server gives a service account those that all service accounts have. */
export interface Impersonation {
  username: string;
  groups?: readonly string[];
}

/** A namespace where the kind is namespaced, and a name. */
export type ObjectPlace = Place & { name: string };

/**
 * The API server, in raw JSON both ways: dates are strings, unknown fields survive.
 *
 * Every method throws ApiError when the server said no, NoAnswerError when it did not answer within the time or at
 * all, and the signal's reason when the caller's signal was aborted. What the server refused for now (429, and 503
 * with Retry-After) is tried again, for every verb, because it was not carried out; what got no answer is tried again
 * for reads only. There is no rate limit of our own: the API server's priority and fairness knows better.
 */
export interface Client {
  get<T extends KubernetesObject>(
    what: Resource<T>,
    place: ObjectPlace,
    options?: ReadOptions,
  ): Promise<Stored<T>>;
  /** One page; `metadata.continue` leads to the next. See `listAll` and the reader for the rest. */
  list<T extends KubernetesObject>(
    what: Resource<T>,
    place: { namespace?: string | undefined },
    options?: ListOptions,
  ): Promise<List<Stored<T>>>;
  /** Creates the object in the namespace of its metadata. Reviews, which are never stored, are created too. */
  create<T extends KubernetesObject>(
    what: Resource<T>,
    object: NoInfer<T>,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** Creates a subresource of an object, such as a token of a service account. */
  createSubresource<T extends KubernetesObject, Body extends object>(
    what: Resource<T>,
    place: ObjectPlace & { subresource: string },
    body: Body,
    options?: WriteOptions,
  ): Promise<Body>;
  /** Writes the whole object, or one of its subresources. A `metadata.resourceVersion` in it guards against others. */
  replace<T extends KubernetesObject>(
    what: Resource<T>,
    object: NoInfer<T>,
    options?: WriteOptions & { subresource?: string },
  ): Promise<Stored<T>>;
  patch<T extends KubernetesObject>(
    what: Resource<T>,
    place: ObjectPlace,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** Deletes one object. The answer is the object while finalizers or a grace period keep it, else a Status. */
  remove<T extends KubernetesObject>(
    what: Resource<T>,
    place: ObjectPlace,
    options?: DeleteOptions,
  ): Promise<Stored<T> | Status>;
  /** Opens a watch; the body is lines of watch events. Meant for the reader, which knows how to live with its faults. */
  watch<T extends KubernetesObject>(
    what: Resource<T>,
    place: { namespace?: string | undefined },
    options: WatchOptions,
  ): Promise<HttpResponse['body']>;
  /** What is outside the resources, such as `/version` or `/openapi/v3`. */
  getPath(path: string, options?: ReadOptions): Promise<unknown>;
  /** The same client, acting as somebody else; whether it may is the API server's business. */
  as(user: Impersonation): Client;
  /** Ends every request and watch under way, and closes all connections. */
  close(): Promise<void>;
}

export interface ClientOptions {
  kubeConfig: ClusterAccess;
  /** As in `taskgrant-controller/0.1.0`. */
  userAgent: string;
  /** The field manager of all writes that name no other. */
  fieldManager: string;
  /** Called for each `Warning` header that the API server sends (RFC 7234, 5.5), with the text alone. */
  onWarning?: (text: string, request: string) => void;
  metrics?: ClientMetrics;
  random?: Random;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** How often the server may put one call off; client-go's number (k8s.io/client-go/rest/with_retry.go). */
const MAX_RETRIES_WHEN_REFUSED = 10;

/** How often a read is sent again after no answer came. */
const MAX_RETRIES_WITHOUT_ANSWER = 3;
const RETRY_WITHOUT_ANSWER_MS = 100;

/** What we wait when a 429 does not say; the API server itself says 1 s (priority-and-fairness filter). */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/**
 * A list as it was answered, whole: the API server writes `null` for a list without items (Go's empty slice), and leaves
 * `apiVersion` and `kind` out of the items of built-in kinds, which a watch event has.
 */
export const pageOf = <T extends KubernetesObject>(answer: unknown, what: Resource<T>): List<Stored<T>> => {
  const { metadata, items } = answer as { metadata: ListMeta; items: Stored<T>[] | null };
  const apiVersion = apiVersionOf(what);
  return { metadata, items: (items ?? []).map((item) => ({ ...item, apiVersion, kind: what.kind })) };
};

/** The username by which a service account is known to authentication and authorization. */
export const serviceAccountUsername = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** Connects to the API server of the kubeconfig's current context; nothing is sent yet. */
export const createClient = ({ kubeConfig, userAgent, ...options }: ClientOptions): Client =>
  clientOver(createTransport({ kubeConfig, userAgent }), options, {});

const clientOver = (
  transport: Transport,
  options: Omit<ClientOptions, 'kubeConfig' | 'userAgent'>,
  identity: HttpRequest['headers'],
): Client => {
  const { metrics, onWarning, random = Math.random } = options;

  /** One attempt: the response's head, its warnings passed on; errors of the server thrown as such. */
  const attempt = async (request: HttpRequest): Promise<HttpResponse> => {
    const startedAt = monotonicNow();
    let code = '<error>';
    try {
      const response = await transport.send(request);
      code = String(response.statusCode);
      for (const text of warningsIn(response.headers['warning'])) onWarning?.(text, request.summary);
      if (response.statusCode >= 300) throw await errorOf(request, response);
      return response;
    } finally {
      metrics?.requests.inc({ method: request.method, code });
      metrics?.duration.observe({ method: request.method }, (monotonicNow() - startedAt) / 1000);
    }
  };

  /** Sends the request until it is answered, within the time that the signal gives it. */
  const persevere = async <Answer>(
    request: HttpRequest,
    read: (response: HttpResponse) => Promise<Answer>,
    deadline: number,
  ): Promise<Answer> => {
    let refused = 0;
    let unanswered = 0;
    let renewed = false;
    for (;;) {
      try {
        return await read(await attempt(request));
      } catch (error) {
        let waitMs: number;
        if (error instanceof ApiError && error.code === 401 && !renewed) {
          // The credentials may have been renewed since they were read last.
          renewed = true;
          transport.forgetCredentials();
          waitMs = 0;
        } else if (wasPutOff(error) && refused++ < MAX_RETRIES_WHEN_REFUSED) {
          waitMs = (error.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS) * 1000 * (1 + random() / 2);
        } else if (mayBeRepeated(request, error) && unanswered++ < MAX_RETRIES_WITHOUT_ANSWER) {
          waitMs = RETRY_WITHOUT_ANSWER_MS * 2 ** (unanswered - 1) * (1 + random());
        } else throw error;
        // An answer in hand is worth more than a timeout later.
        if (monotonicNow() + waitMs >= deadline) throw error;
        metrics?.retries.inc({ method: request.method });
        await sleep(waitMs, request.signal);
      }
    }
  };

  /** A whole call: request, retries, and the body, under one time limit. */
  const call = async (
    request: Omit<HttpRequest, 'signal'>,
    { signal, timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes }: ReadOptions & Pick<ListOptions, 'maxBytes'>,
  ): Promise<unknown> => {
    signal?.throwIfAborted();
    // One controller for both reasons, let go of afterwards: AbortSignal.any would tie each call to a long-lived signal.
    const controller = new AbortController();
    const abort = () => {
      controller.abort(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const timeout = setTimeout(() => {
      controller.abort(new NoAnswerError(request.summary, 'Timeout', `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const bounded = { ...request, signal: controller.signal };
    try {
      return await persevere(
        bounded,
        (response) => jsonOf(bounded, response, maxBytes),
        monotonicNow() + timeoutMs,
      );
    } finally {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', abort);
    }
  };

  const headers = (contentType?: string, accept = 'application/json'): HttpRequest['headers'] => ({
    ...identity,
    accept,
    ...(contentType !== undefined && { 'content-type': contentType }),
  });

  const write = (
    method: 'POST' | 'PUT' | 'PATCH',
    what: Resource<KubernetesObject>,
    place: Place,
    body: unknown,
    { dryRun, fieldManager = options.fieldManager, fieldValidation = 'Strict', ...rest }: WriteOptions,
    { contentType = 'application/json', force }: { contentType?: string; force?: boolean | undefined } = {},
  ) =>
    call(
      {
        method,
        path: pathOf(what, place) + query({ dryRun: dryRun && 'All', fieldManager, fieldValidation, force }),
        headers: headers(contentType),
        body: JSON.stringify(body),
        summary: summaryOf(VERBS[method], what, place),
      },
      rest,
    );

  // The API server answers a request for a kind with that kind: the one place where that is taken on trust.
  const stored = <T extends KubernetesObject>(answer: unknown) => answer as Stored<T>;

  return {
    async get<T extends KubernetesObject>(
      what: Resource<T>,
      place: ObjectPlace,
      readOptions: ReadOptions = {},
    ) {
      const summary = summaryOf('get', what, place);
      return stored<T>(
        await call({ method: 'GET', path: pathOf(what, place), headers: headers(), summary }, readOptions),
      );
    },

    async list<T extends KubernetesObject>(
      what: Resource<T>,
      place: { namespace?: string | undefined },
      listOptions: ListOptions = {},
    ) {
      const { labelSelector, fieldSelector, limit, metadataOnly = false, ...bounds } = listOptions;
      const answer = await call(
        {
          method: 'GET',
          path:
            pathOf(what, { namespace: place.namespace }) +
            query({ labelSelector, fieldSelector, limit, continue: listOptions.continue }),
          headers: headers(undefined, metadataOnly ? METADATA_LIST : undefined),
          summary: summaryOf('list', what, place),
        },
        bounds,
      );
      return pageOf(answer, what);
    },

    async create<T extends KubernetesObject>(what: Resource<T>, object: T, writeOptions: WriteOptions = {}) {
      return stored<T>(
        await write('POST', what, { namespace: object.metadata.namespace }, object, writeOptions),
      );
    },

    async createSubresource<T extends KubernetesObject, Body extends object>(
      what: Resource<T>,
      place: ObjectPlace & { subresource: string },
      body: Body,
      writeOptions: WriteOptions = {},
    ) {
      return (await write('POST', what, place, body, writeOptions)) as Body;
    },

    async replace<T extends KubernetesObject>(
      what: Resource<T>,
      object: T,
      { subresource, ...writeOptions }: WriteOptions & { subresource?: string } = {},
    ) {
      const { namespace, name = '' } = object.metadata;
      return stored<T>(await write('PUT', what, { namespace, name, subresource }, object, writeOptions));
    },

    async patch<T extends KubernetesObject>(
      what: Resource<T>,
      place: ObjectPlace,
      patch: Patch,
      writeOptions: WriteOptions = {},
    ) {
      const answer = await write('PATCH', what, place, patch.body, writeOptions, {
        contentType: PATCH_TYPES[patch.type],
        force: patch.type === 'apply' ? patch.force : undefined,
      });
      return stored<T>(answer);
    },

    async remove<T extends KubernetesObject>(
      what: Resource<T>,
      place: ObjectPlace,
      { signal, timeoutMs, dryRun, ...deleteOptions }: DeleteOptions = {},
    ) {
      const answer = await call(
        {
          method: 'DELETE',
          path: pathOf(what, place),
          headers: headers('application/json'),
          body: JSON.stringify({
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            ...deleteOptions,
            ...(dryRun && { dryRun: ['All'] }),
          }),
          summary: summaryOf('delete', what, place),
        },
        { signal, timeoutMs },
      );
      return answer as Stored<T> | Status;
    },

    async watch(what, place, { signal, ...watchOptions }) {
      const request: HttpRequest = {
        method: 'GET',
        path:
          pathOf(what, { namespace: place.namespace }) +
          query({ watch: true, allowWatchBookmarks: true, ...watchOptions }),
        headers: headers(),
        signal,
        summary: summaryOf('watch', what, place),
      };
      return (await attempt(request)).body;
    },

    getPath: (path, readOptions = {}) =>
      call({ method: 'GET', path, headers: headers(), summary: `get ${path}` }, readOptions),

    as: ({ username, groups = [] }) =>
      clientOver(transport, options, {
        'impersonate-user': username,
        ...(groups.length > 0 && { 'impersonate-group': [...groups] }),
      }),

    close: () => transport.close(),
  };
};

const VERBS = { POST: 'create', PUT: 'update', PATCH: 'patch' } as const;

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML; `application/apply-patch+json` does not exist.
  apply: 'application/apply-patch+yaml',
} as const;

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const query = (parameters: Record<string, string | number | boolean | undefined>): string => {
  const present = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== false && value !== '') present.set(name, String(value));
  return present.size === 0 ? '' : `?${present.toString()}`;
};

/** As in `delete rolebindings support/taskgrant:x`. */
const summaryOf = (verb: string, { plural }: Resource<KubernetesObject>, place: Place): string => {
  const resourceName = place.subresource === undefined ? plural : `${plural}/${place.subresource}`;
  const names = [place.namespace, place.name].filter((name) => name !== undefined);
  return [verb, resourceName, names.join('/')].filter((part) => part !== '').join(' ');
};

/** Not carried out, and welcome again later. */
const wasPutOff = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  (error.code === 429 || (error.code === 503 && error.retryAfterSeconds !== undefined));

const mayBeRepeated = ({ method, signal }: HttpRequest, error: unknown): boolean =>
  method === 'GET' &&
  !signal.aborted &&
  error instanceof NoAnswerError &&
  (error.reason === 'Connection' || error.reason === 'BadAnswer');

const textOf = async (
  { summary, signal }: HttpRequest,
  { body }: HttpResponse,
  maxBytes = Infinity,
): Promise<string> => {
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Leaving the loop closes the connection: the rest is not read.
      if (bytes > maxBytes)
        throw new NoAnswerError(summary, 'TooLarge', `the answer has more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isTooLarge(error)) throw error;
    throw new NoAnswerError(summary, 'Connection', 'the connection broke in the middle of the answer', {
      cause: error,
    });
  }
};

const jsonOf = async (
  request: HttpRequest,
  response: HttpResponse,
  maxBytes: number | undefined,
): Promise<unknown> => {
  const text = await textOf(request, response, maxBytes);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the parser's message, which quotes the answer: it may be a token.
    throw new NoAnswerError(
      request.summary,
      'BadAnswer',
      `the answer is no JSON (${text.length} characters, HTTP ${response.statusCode})`,
    );
  }
};

const errorOf = async (request: HttpRequest, response: HttpResponse): Promise<ApiError> => {
  const text = await textOf(request, response);
  const seconds = Number(response.headers['retry-after']);
  return new ApiError(
    request.summary,
    response.statusCode,
    statusOf(text),
    Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined,
  );
};

/** The answer as a metav1.Status; what a proxy or a filter says in plain text becomes its message. */
export const statusOf = (text: string): Status => {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'Status')
      return answer as Status;
  } catch {
    // Plain text, below.
  }
  return { message: text.slice(0, 500).trim() };
};

/** `299 - "text with \"quotes\""`, once or several times in one header (RFC 7234, 5.5). */
export const warningsIn = (header: string | string[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .flatMap((value) =>
      [...value.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
        text.replace(/\\(.)/g, '$1'),
      ),
    );
