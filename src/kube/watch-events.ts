import type { KubernetesObject, Status, Stored } from '../api/kubernetes.ts';
import { ApiError } from './api-error.ts';

/** One line of a watch, as the reader understands it. */
export type WatchEvent<T extends KubernetesObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: Stored<T> }
  /** Everything up to this resource version has been sent. */
  | { type: 'BOOKMARK'; resourceVersion: string };

/** The watch said something that cannot be right: what follows cannot be trusted, so the watch has to be made anew. */
export class WatchFault extends Error {
  override readonly name = 'WatchFault';
}

/** What of a stream was received so far, and the beginning of a line that is still coming. */
export interface LineSplitter {
  /** The lines that this chunk completes, without their newlines. */
  push(chunk: Uint8Array): string[];
  /** Whether a line has begun that has not ended: then the stream was cut in its middle. */
  pending(): boolean;
}

/** Splits a stream of UTF-8 into lines, wherever its chunks are cut: in a line, or in a character. */
export const createLineSplitter = (): LineSplitter => {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  let bytesPending = false;
  return {
    push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      bytesPending = chunk.length > 0 && chunk[chunk.length - 1] !== NEWLINE;
      const [head = '', ...rest] = text.split('\n');
      begun.push(head);
      const last = rest.pop();
      if (last === undefined) return [];
      const lines = [begun.join(''), ...rest];
      begun = [last];
      return lines.filter((line) => line !== '');
    },
    pending: () => bytesPending,
  };
};

const NEWLINE = 0x0a;

/**
 * Reads one line of a watch.
 * @throws ApiError for an ERROR event, as if the server had answered the request with it; WatchFault for everything
 * that is no event of the four kinds of an object with a name, a UID and a resource version.
 */
export const watchEventOf = <T extends KubernetesObject>(line: string, request: string): WatchEvent<T> => {
  const event = parsed(line);
  if (!isRecord(event) || !isRecord(event['object'])) throw new WatchFault(`${request}: a line is no event`);
  const { type, object } = event;
  if (type === 'ERROR') {
    const status = object as Status;
    throw new ApiError(request, status.code ?? 500, status);
  }
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const { name, uid, resourceVersion } = metadata;
  if (typeof resourceVersion !== 'string')
    throw new WatchFault(`${request}: a ${String(type)} event without a resourceVersion`);
  if (type === 'BOOKMARK') return { type, resourceVersion };
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED')
    throw new WatchFault(`${request}: an event of unknown type ${JSON.stringify(type)}`);
  if (typeof name !== 'string' || typeof uid !== 'string')
    throw new WatchFault(`${request}: a ${type} event of an object without name or UID`);
  return { type, object: object as unknown as Stored<T> };
};

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
