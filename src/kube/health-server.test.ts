import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveHealth } from './health-server.ts';
import type { HealthServer } from './health-server.ts';

let server: HealthServer;
let registry: Registry;
let notReady: string | undefined;

beforeEach(async () => {
  notReady = undefined;
  registry = new Registry();
  server = await serveHealth({
    port: 0,
    registry,
    notLive: () => undefined,
    notReady: () => notReady,
  });
});

afterEach(() => server.close());

const get = async (path: string) => {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, text: await response.text() };
};

test('a process that is ready says so, and one that is not says why', async () => {
  expect(await get('/readyz')).toEqual({ status: 200, text: 'ok\n' });
  notReady = 'waiting for the first list of pods';
  expect(await get('/readyz?verbose')).toEqual({ status: 503, text: 'waiting for the first list of pods\n' });
  expect(await get('/livez')).toEqual({ status: 200, text: 'ok\n' });
});

test('metrics are read when they are asked for, and what fails meanwhile is an error of the server', async () => {
  let failing = false;
  new Counter({
    name: 'tasks_total',
    help: 'Tasks.',
    registers: [registry],
    collect() {
      if (failing) throw new Error('no figures');
      this.inc(3);
    },
  });
  expect((await get('/metrics')).text).toContain('tasks_total 3\n');
  failing = true;
  expect(await get('/metrics')).toEqual({ status: 500, text: '' });
});

test('other paths are told what there is', async () => {
  expect(await get('/constructor')).toEqual({
    status: 404,
    text: '/livez, /readyz and /metrics are here\n',
  });
});

test('a port that is taken is an error, and closing ends a connection that is kept open', async () => {
  const { port } = server;
  const options = { registry, notLive: () => undefined, notReady: () => undefined };
  await expect(serveHealth({ port, ...options })).rejects.toThrow('EADDRINUSE');
  await get('/livez');
  await server.close();
  await expect(get('/livez')).rejects.toThrow();
});
