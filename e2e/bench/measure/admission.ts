/**
 * What admission adds to the creation of a pod: a pod with the label, in an enforced namespace, under an active grant, which
 * is mutated and validated, against the same pod without the label where no webhook is asked, where the bare one is, and where a policy of
 * the API server's own does as much of the same checks as it can.
 * Server-side dry runs: everything happens but the storing.
 */
import { startBareWebhook } from '../bare-webhook.ts';
import { activate, grantPlace, type GrantPlace } from '../grants.ts';
import { BARE_NAMESPACE, PLAIN_NAMESPACE } from '../namespaces.ts';
import type { Level } from '../plan.ts';
import { dryRunPod } from '../pods.ts';
import { startPolicy, type RunningPolicy } from '../policy.ts';
import { closedLoop, inTurns, type Measured } from '../rounds.ts';
import { PAUSE_MS, type Ground } from './ground.ts';

export interface AdmissionLevel {
  readonly atATime: number;
  readonly without: Measured;
  readonly bare: Measured;
  readonly policy: Measured;
  readonly with: Measured;
}

export interface AdmissionResult {
  /** Grants in the cluster while it was measured. */
  readonly grants: number;
  readonly levels: readonly AdmissionLevel[];
}

/** The pods take them by turns. */
const GRANTS = 100;

/** @param among how many grants there are: of both measurements the grants of the pods exist side by side */
export async function measureAdmission(ground: Ground, among: 'few' | 'many'): Promise<AdmissionResult> {
  const { api, watch, plan, progress } = ground;
  const grants = Array.from({ length: GRANTS }, (_, index) => grantPlace(`pods-${among}`, index));
  const levels: AdmissionLevel[] = [];
  let there = 0;
  const bare = await startBareWebhook(api);
  const policy = await startPolicy(api);
  await progress.run([
    {
      doing: `admission: making ${GRANTS} grants for the pods`,
      seconds: 3,
      work: async () => {
        for (const grant of grants) await activate(api, watch, grant);
        there = watch.count();
      },
    },
    ...plan.admission.map((level) => ({
      doing: `admission, ${level.atATime} at a time: ${level.rounds} rounds of ${level.perRound} pods without the label, by the bare webhook, by the policy, and with the label`,
      seconds: (level.rounds + 1) * (1 + (level.perRound * 10) / 1000),
      work: async () => {
        levels.push(await measureLevel(ground, level, grants, policy));
      },
    })),
  ]);
  await bare.stop();
  await policy.stop();
  return { grants: there, levels };
}

async function measureLevel(
  { api }: Ground,
  { atATime, rounds, perRound }: Level,
  grants: readonly GrantPlace[],
  policy: RunningPolicy,
): Promise<AdmissionLevel> {
  const side = (create: (index: number) => Promise<number>) => () =>
    closedLoop({ count: perRound, atATime, work: create });
  const measured = await inTurns({
    rounds,
    pauseMs: PAUSE_MS,
    sides: {
      without: side((index) =>
        dryRunPod(api, { namespace: PLAIN_NAMESPACE, name: `pod-${index}` }, undefined),
      ),
      bare: side((index) => dryRunPod(api, { namespace: BARE_NAMESPACE, name: `pod-${index}` }, undefined)),
      policy: side((index) => policy.dryRunPod(`pod-${index}`)),
      with: side((index) => {
        const grant = grants[index % grants.length];
        if (!grant) throw new Error('there are no grants for the pods');
        return dryRunPod(api, { namespace: grant.namespace, name: `pod-${index}` }, grant);
      }),
    },
  });
  return { atATime, ...measured };
}
