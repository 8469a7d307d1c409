import type { KubernetesObject } from '../api/kubernetes.ts';
import { NoAnswerError } from './api-error.ts';
import type { Client, WatchOptions } from './client.ts';
import type { Resource } from './resources.ts';
import { createLineSplitter, watchEventOf } from './watch-events.ts';
import type { WatchEvent } from './watch-events.ts';

export interface WatchStreamOptions extends WatchOptions {
  /** The stream is given up when nothing was received for so long, in milliseconds. */
  silenceLimitMs: number;
  /** Called whenever anything was received, be it half a line. */
  onContact: () => void;
}

/**
 * One watch, as the events that each received piece completes. Ends when the server ends it.
 * @throws NoAnswerError when the connection breaks, also in the middle of a line, or falls silent; ApiError for an
 * answer or an event that is an error; WatchFault for what is no event; the signal's reason.
 */
export async function* watchStream<T extends KubernetesObject>(
  client: Client,
  what: Resource<T>,
  place: { namespace?: string | undefined },
  { silenceLimitMs, onContact, signal, ...options }: WatchStreamOptions,
): AsyncGenerator<WatchEvent<T>[], void, undefined> {
  const summary = `watch ${what.plural}`;
  const controller = new AbortController();
  const stop = () => {
    controller.abort(signal.reason);
  };
  const silence = setTimeout(() => {
    const detail = `nothing was received for ${silenceLimitMs} ms`;
    controller.abort(new NoAnswerError(summary, 'Timeout', detail));
  }, silenceLimitMs);
  const heard = () => {
    silence.refresh();
    onContact();
  };
  signal.addEventListener('abort', stop, { once: true });
  const splitter = createLineSplitter();
  try {
    signal.throwIfAborted();
    const body = await client.watch(what, place, { ...options, signal: controller.signal });
    heard();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      heard();
      const lines = splitter.push(chunk);
      if (lines.length > 0) yield lines.map((line) => watchEventOf<T>(line, summary));
    }
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason;
    if (isSocketError(error))
      throw new NoAnswerError(summary, 'Connection', 'the connection broke', { cause: error });
    throw error;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', stop);
    controller.abort();
  }
  if (splitter.pending())
    throw new NoAnswerError(summary, 'Connection', 'the stream ended in the middle of a line');
}

/** Node's and undici's errors of a connection have a code, such as ECONNRESET or UND_ERR_SOCKET; ours have none. */
const isSocketError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';
