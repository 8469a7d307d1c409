/**
 * The bare client that all of the load is made with, the floor above all: HTTPS over connections that are kept alive, and no
 * more. Not the product's client, so that what that one costs is part of what is measured and not of the floor.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Pool } from 'undici';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface ApiServer {
  /** Sends one request and reads all of the answer, whatever it says. @throws undici's error where no answer comes */
  send(method: Method, path: string, body?: object): Promise<Answer>;
  /** @throws Error with what the API server said, where that is no success */
  must(method: Method, path: string, body?: object): Promise<string>;
  /** The same server for somebody who has nothing but a token. */
  withToken(token: string): ApiServer;
  /** The same server as somebody else, by impersonation. @param username as in `system:serviceaccount:<namespace>:<name>`; every one is in system:authenticated besides */
  as(username: string, group?: string): ApiServer;
  close(): Promise<void>;
}

/** More than the load ever has under way at once, so that no request waits for a connection. */
const CONNECTIONS = 128;
const KEEP_ALIVE_MS = 60_000;

/** As the admin whom KUBECONFIG names. */
export async function connect(): Promise<ApiServer> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('KUBECONFIG names no cluster');
  const tls: RequestOptions = { headers: {} };
  await kubeConfig.applyToHTTPSOptions(tls);
  const { ca, cert, key, headers } = tls;
  const authority = { ...(ca !== undefined && { ca }) };
  const identity = { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  const open = (connectOptions: object): Pool =>
    new Pool(server, {
      connections: CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connectOptions,
    });
  const admin = open({ ...authority, ...identity });
  // A client certificate would be believed before a token.
  const anonymous = open(authority);
  const adminHeaders = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()]);
  return over(admin, Object.fromEntries(adminHeaders) as Record<string, string>, {
    withToken: (token, rest) => over(anonymous, { authorization: `Bearer ${token}` }, rest),
    close: async () => {
      await Promise.all([admin.destroy(), anonymous.destroy()]);
    },
  });
}

interface Rest {
  withToken: (token: string, rest: Rest) => ApiServer;
  close: () => Promise<void>;
}

function over(pool: Pool, headers: Record<string, string>, rest: Rest): ApiServer {
  const send = async (method: Method, path: string, body?: object): Promise<Answer> => {
    const response = await pool.request({
      method,
      path,
      headers: { ...headers, accept: 'application/json', ...(body && { 'content-type': CONTENT[method] }) },
      body: body ? JSON.stringify(body) : null,
    });
    return { status: response.statusCode, text: await response.body.text() };
  };
  return {
    send,
    async must(method, path, body) {
      const { status, text } = await send(method, path, body);
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${messageOf(text)}`);
      return text;
    },
    withToken: (token) => rest.withToken(token, rest),
    as: (username, group) =>
      over(
        pool,
        {
          ...headers,
          'impersonate-user': username,
          // One at the most: undici makes one header of several.
          ...(group !== undefined && { 'impersonate-group': group }),
        },
        rest,
      ),
    close: rest.close,
  };
}

const CONTENT = {
  GET: 'application/json',
  POST: 'application/json',
  PATCH: 'application/merge-patch+json',
  DELETE: 'application/json',
} as const;

/** Of an error's Status only the message, and never the whole: an answer may hold a token. */
function messageOf(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch {
    // A proxy's plain text.
  }
  return text.slice(0, 200);
}
