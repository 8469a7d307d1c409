/**
 * CPU time of judging a pod, against the floor that no webhook does without: parsing the JSON of the review that carries it. Both in
 * this process, in turns, on pods as an API server with the product would store them.
 */
import type { Pod, Stored } from '../../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../../src/api/taskgrant.ts';
import { judgeNewPod } from '../../../src/core/envelope/judge-pod.ts';
import { externalKeys } from '../../../src/core/identity/external-identity.ts';
import { identityRequestsOf } from '../../../src/core/identity/identity-requests.ts';
import { readPod } from '../../../src/core/identity/reading.ts';
import { NO_SURROUNDINGS } from '../../../src/core/identity/surroundings.ts';
import { context, someFacts } from '../../../src/webhook/testing.ts';
import { parseReview, reviewOf } from '../../../src/webhook/review.ts';
import { createPodValidator } from '../../../src/webhook/validate-pods.ts';
import { activate, grantPlace, readGrant } from '../grants.ts';
import { readAdmitted } from '../pods.ts';
import { reviewOfCreation } from '../reviews.ts';
import { inTurns, type Block, type Measured } from '../rounds.ts';
import { podOfFifty, podOfThree, SAMPLE_SPEC } from '../sample-pods.ts';
import type { Ground } from './ground.ts';

/** Of one pod: milliseconds of CPU time, one for each round. */
export interface JudgedPod {
  readonly containers: number;
  readonly volumes: number;
  /** Of the review, as JSON. */
  readonly bytes: number;
  /** The floor: JSON.parse of the review. */
  readonly parse: Measured;
  readonly judge: Measured;
  /** From the review's text to the answer's: all that a webhook does but HTTP and TLS. */
  readonly review: Measured;
}

export interface JudgingResult {
  readonly pods: readonly JudgedPod[];
}

/** Judged by turns, so that none is in the processor's caches just because it was judged a moment ago. */
const COPIES = 64;
/** The first block of each side, which does not count, has to be long enough for V8's optimising compiler: thousands of pods. */
const BLOCK_MS = 250;
const PAUSE_BETWEEN_MS = 10;

export async function measureJudging({ api, watch, plan, progress }: Ground): Promise<JudgingResult> {
  const place = grantPlace('judged', 0);
  const pods: JudgedPod[] = [];
  await progress.run([
    {
      doing: `judging: ${plan.judging.rounds} rounds of parsing, judging and reviewing two pods`,
      seconds: 1 + ((plan.judging.rounds + 1) * 6 * 1.5 * BLOCK_MS) / 1000,
      work: async () => {
        await activate(api, watch, place, SAMPLE_SPEC);
        const grant = await readGrant(api, place);
        for (const pod of [podOfThree(place), podOfFifty(place)])
          pods.push(await measurePod(await readAdmitted(api, pod), grant, plan.judging.rounds));
      },
    },
  ]);
  return { pods };
}

async function measurePod(pod: Pod, grant: Stored<TaskGrant>, rounds: number): Promise<JudgedPod> {
  const text = reviewOfCreation(pod);
  const copies = Array.from({ length: COPIES }, () => JSON.parse(JSON.stringify(pod)) as Pod);
  const now = Date.now();
  const facts = someFacts({ grant, now });
  const { apiAudiences } = facts;
  const identity = { surroundings: NO_SURROUNDINGS, externalKeys: externalKeys() };
  const judge = (index: number) => {
    const judged = copies[index % COPIES] ?? pod;
    const requests = identityRequestsOf(readPod(judged), identity);
    return judgeNewPod({
      pod: judged,
      ...{ grant, required: undefined, namespaceLabels: undefined, requests, apiAudiences, podsUsed: 0, now },
    });
  };
  if (judge(0).length > 0) throw new Error(`the pod is not within its grant: ${JSON.stringify(judge(0))}`);
  const validate = createPodValidator(facts);
  const call = context({ size: text.length });
  const measured = await inTurns({
    rounds,
    pauseMs: PAUSE_BETWEEN_MS,
    sides: {
      parse: () => cpuTime(() => JSON.parse(text)),
      judge: () => cpuTime(judge),
      review: () =>
        cpuTime(async () => {
          const request = parseReview(JSON.parse(text));
          return JSON.stringify(reviewOf(request.uid, await validate(request, call)));
        }),
    },
  });
  const { containers = [], initContainers = [], volumes = [] } = pod.spec ?? {};
  return {
    containers: containers.length + initContainers.length,
    volumes: volumes.length,
    bytes: Buffer.byteLength(text),
    ...measured,
  };
}

/**
 * One sample: milliseconds of CPU time for one piece of work, of the thread that does it, which collects most of its garbage as well. V8's
 * threads that help it to collect and to compile are left out: on a busy machine they mostly wait for each other, and took from a
 * tenth to twice as much again for the same work.
 */
async function cpuTime(work: (index: number) => unknown): Promise<Block> {
  const began = performance.now();
  const before = process.threadCpuUsage();
  let count = 0;
  while (performance.now() - began < BLOCK_MS) {
    const result = work(count++);
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.threadCpuUsage(before);
  return { ms: [(user + system) / 1000 / count], seconds: (performance.now() - began) / 1000 };
}
