/**
 * Sends reviews over TLS connections that are kept alive, as the API server does. A process of its own, so that neither what measures nor
 * what is measured waits for the other's garbage to be collected. Forked with a target as a message; then each order is answered.
 */
import { Pool } from 'undici';
import type { Order, Reply, Target } from './review-generator-protocol.ts';
import { closedLoop } from './rounds.ts';

const ALLOWED = '"allowed":true';

function generate({ port, path, authority, connections, bodies }: Target): (order: Order) => Promise<Reply> {
  const pool = new Pool(`https://127.0.0.1:${port}`, {
    connections,
    pipelining: 1,
    connect: { ca: authority, servername: 'localhost' },
  });
  const buffers = bodies.map((body) => Buffer.from(body));
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  let sent = 0;
  const send = async (): Promise<number> => {
    const body = buffers[sent++ % buffers.length] ?? null;
    const before = performance.now();
    const response = await pool.request({ method: 'POST', path, headers, body });
    const text = await response.body.text();
    const took = performance.now() - before;
    if (!text.includes(ALLOWED)) throw new Error(`${response.statusCode} ${text.slice(0, 500)}`);
    return took;
  };
  return async ({ count }) => {
    try {
      return await closedLoop({ count, atATime: connections, work: send });
    } catch (error) {
      return { failed: String(error) };
    }
  };
}

process.once('message', (target: Target) => {
  const work = generate(target);
  process.on('message', (order: Order) => {
    void work(order).then((reply) => process.send?.(reply));
  });
});
// With whoever forked it.
process.once('disconnect', () => {
  process.exit();
});
