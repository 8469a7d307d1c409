import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { nodeName } from './layout.ts';

/** Whether somebody listens on the Unix socket. */
export function listening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const answer = (value: boolean) => (): void => {
      connection.destroy();
      resolve(value);
    };
    connection.once('connect', answer(true));
    connection.once('error', answer(false));
  });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** On a busy machine an answer takes seconds. */
const ANSWER_LIMIT_MS = 10_000;

/** A GET whose failure, of whatever kind, is `undefined`: nobody is there yet. */
function get(url: string, options: object = {}): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    const asked = request(url, { agent: false, timeout: ANSWER_LIMIT_MS, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
      response.once('error', () => {
        resolve(undefined);
      });
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => {
      resolve(undefined);
    });
    asked.end();
  });
}

/**
 * Whether the component's own health endpoint says so. Its certificate is its own business: nothing secret is sent.
 *
 * @param check one that the answer has to name as passed
 */
export async function healthy(url: string, check?: string): Promise<boolean> {
  const answer = await get(url, { rejectUnauthorized: false });
  return answer?.status === 200 && (check === undefined || answer.body.includes(`[+]${check} ok`));
}

/** Looks at the API server as admin. */
export function apiServerView(pki: string): {
  ready(): Promise<boolean>;
  nodeTakesPods(): Promise<boolean>;
  defaultAccountExists(): Promise<boolean>;
} {
  const read = (path: string): Promise<Answer | undefined> =>
    get(`https://127.0.0.1:6443${path}`, {
      ca: readFileSync(join(pki, 'ca.crt')),
      cert: readFileSync(join(pki, 'admin.crt')),
      key: readFileSync(join(pki, 'admin.key')),
    });
  return {
    ready: async () => (await read('/readyz'))?.status === 200,
    // Ready, and without the taint that keeps pods away until the node controller has seen that: otherwise the first pod waits
    // for the scheduler's retry.
    nodeTakesPods: async () => {
      const answer = await read(`/api/v1/nodes/${nodeName}`);
      return answer?.status === 200 && takesPods(JSON.parse(answer.body));
    },
    defaultAccountExists: async () =>
      (await read('/api/v1/namespaces/default/serviceaccounts/default'))?.status === 200,
  };
}

/** @param node a Node as the API server sends it */
export function takesPods(node: unknown): boolean {
  const { spec, status } = node as {
    spec?: { taints?: readonly { effect: string }[] };
    status?: { conditions?: readonly { type: string; status: string }[] };
  };
  const ready = status?.conditions?.some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );
  return ready === true && !spec?.taints?.length;
}
