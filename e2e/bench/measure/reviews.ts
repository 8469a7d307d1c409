/**
 * The webhook process alone: how many reviews a second it answers, and how soon, over so many connections at once; with few grants in its
 * cache and with many. Against the bare webhook, which answers the same reviews with a yes.
 */
import type { Pod, Stored } from '../../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../../src/api/taskgrant.ts';
import { forkBareWebhook } from '../bare-webhook.ts';
import { activate, grantPlace, readGrant } from '../grants.ts';
import { readAdmitted } from '../pods.ts';
import { turnOff, turnOn } from '../product-off.ts';
import { startGenerator } from '../review-generator.ts';
import { podUnder, reviewOfCreation } from '../reviews.ts';
import { inTurns, type Block, type Measured } from '../rounds.ts';
import { podOfThree, SAMPLE_SPEC } from '../sample-pods.ts';
import { startWebhook } from '../webhook-process.ts';
import { removeWritten, writeGrants, writtenGrant, type Written } from '../written-grants.ts';
import { PAUSE_MS, type Ground } from './ground.ts';

export interface Reviewed extends Measured {
  /** CPU time of the process for one review, in milliseconds, one for each block. */
  readonly cpuMs: readonly number[];
}

export interface ReviewsLevel {
  /** In the cache, and how many of them active. */
  readonly grants: Written;
  readonly connections: number;
  readonly bare: Reviewed;
  readonly webhook: Reviewed;
}

export interface ReviewsResult {
  /** With few grants, then with many. */
  readonly levels: readonly ReviewsLevel[];
}

/** As the API server asks (timeoutSeconds of the webhook's configuration). */
const PATH = '/validate/pods?timeout=10s';

/** More different ones are not sent: with their pods they would be most of what the generator has in memory. */
const MOST_BODIES = 1000;

/** What writing a grant takes with the product off, as measured on two cores that nobody else uses; and an activation, which is two. */
const SECONDS_TO_WRITE = 0.0015;

export async function measureReviews(ground: Ground): Promise<ReviewsResult> {
  const { api, watch, plan, progress } = ground;
  const { rounds, perRound, warmUp, grants } = plan.reviews;
  const place = grantPlace('reviewed', 0);
  await activate(api, watch, place, SAMPLE_SPEC);
  const model = await readGrant(api, place);
  const pod = await readAdmitted(api, podOfThree(place));
  const levels: ReviewsLevel[] = [];
  let written: Written = { grants: 0, active: 0 };
  const off = await turnOff(api);
  try {
    for (const wanted of grants) {
      await progress.run([
        {
          doing: `reviews: writing ${wanted.grants} grants, ${wanted.active} of them active`,
          seconds: (wanted.grants + 2 * wanted.active) * SECONDS_TO_WRITE,
          work: async () => {
            written = await writeGrants(api, model, written, wanted);
          },
        },
        {
          doing: `reviews among ${wanted.grants} grants: ${rounds} rounds of ${perRound} to the bare webhook and to the product's`,
          seconds: 3 + (rounds * perRound + warmUp) / 1000 + rounds,
          work: async () => {
            levels.push(await measureLevel(ground, model, pod, written));
          },
        },
      ]);
    }
  } finally {
    await progress.run([
      {
        doing: 'removing these grants, and turning the product on again',
        seconds: 30 + written.grants * SECONDS_TO_WRITE,
        work: async () => {
          await removeWritten(api);
          await turnOn(api, off);
        },
      },
    ]);
  }
  return { levels };
}

/** What reviews are sent to. */
interface Webhook {
  readonly port: number;
  readonly authority: string;
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

async function measureLevel(
  { api, plan }: Ground,
  model: Stored<TaskGrant>,
  pod: Pod,
  grants: Written,
): Promise<ReviewsLevel> {
  const { rounds, perRound, warmUp, connections } = plan.reviews;
  const bodies = Array.from({ length: Math.min(grants.active, MOST_BODIES) }, (_, index) =>
    reviewOfCreation(podUnder(pod, writtenGrant(index))),
  );
  const target = { path: PATH, connections, bodies };
  const servers = { bare: await forkBareWebhook(), webhook: await startWebhook(api) };
  const sides = { bare: sideOf(servers.bare), webhook: sideOf(servers.webhook) };
  const measured = await inTurns({
    rounds,
    pauseMs: PAUSE_MS,
    sides: { bare: sides.bare.block, webhook: sides.webhook.block },
  });
  await Promise.all([sides.bare.stop(), sides.webhook.stop()]);
  return {
    grants,
    connections,
    bare: { ...measured.bare, cpuMs: sides.bare.cpuMs.slice(-rounds) },
    webhook: { ...measured.webhook, cpuMs: sides.webhook.cpuMs.slice(-rounds) },
  };

  function sideOf(server: Webhook) {
    const generator = startGenerator({ ...target, port: server.port, authority: server.authority });
    const cpuMs: number[] = [];
    return {
      cpuMs,
      block: async (): Promise<Block> => {
        const count = cpuMs.length === 0 ? warmUp : perRound;
        const before = await server.cpuSeconds();
        const block = await generator.send(count);
        cpuMs.push((((await server.cpuSeconds()) - before) * 1000) / count);
        return block;
      },
      stop: async (): Promise<void> => {
        await generator.stop();
        await server.stop();
      },
    };
  }
}
