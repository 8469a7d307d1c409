/** Requests to the API server as they are sent, without what a client makes easy. */
import { createTransport } from '../../src/kube/transport.ts';
import type { Outcome } from '../grant/testbed.ts';
import { clusterKubeConfig } from '../kube/testbed.ts';

export interface Request {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  dryRun?: boolean;
  body?: object;
  /** Of the body; JSON where it is left out. */
  type?: string;
}

export interface Api {
  /** Answers in kubectl's manner: 0 and what came back, or 1 and why not. A field that the API does not know is a no. */
  send(request: Request): Promise<Outcome>;
  close(): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** The cluster that KUBECONFIG says. */
export function connectToApi(): Api {
  const transport = createTransport({ kubeConfig: clusterKubeConfig(), userAgent: 'taskgrant-e2e' });
  return {
    async send({ method, path, dryRun = false, body, type = 'application/json' }) {
      const { statusCode, body: answer } = await transport.send({
        method,
        path: method === 'GET' ? path : `${path}?fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`,
        headers: { 'content-type': type },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
        summary: `${method} ${path}`,
      });
      const text = await answer.text();
      return statusCode < 300
        ? { code: 0, stdout: text, stderr: '' }
        : { code: 1, stdout: '', stderr: messageOf(text) };
    },
    close: () => transport.close(),
  };
}

/** Of a Status what it says, of anything else all of it. */
function messageOf(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch {
    // No Status: what stands before the API server has answered.
  }
  return text;
}
