import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Reply, Target } from './review-generator-protocol.ts';
import type { Block } from './rounds.ts';

export interface ReviewGenerator {
  /** @throws Error where one review is not answered with a yes */
  send(count: number): Promise<Block>;
  stop(): Promise<void>;
}

export function startGenerator(target: Target): ReviewGenerator {
  const child = fork(fileURLToPath(new URL('review-generator-process.ts', import.meta.url)));
  child.send(target);
  return {
    async send(count) {
      const order: Order = { count };
      child.send(order);
      const [reply] = (await once(child, 'message')) as [Reply];
      if ('failed' in reply) throw new Error(`a review was not answered with a yes: ${reply.failed}`);
      return reply;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
