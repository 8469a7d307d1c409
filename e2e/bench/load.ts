/**
 * The load generator. It runs inside the cluster's network, with its KUBECONFIG, against the product as it is installed:
 * `load.ts <file for the result> <full|quick> <suite>…`
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { createProgress } from '../cluster/progress.ts';
import { connect, type ApiServer } from './api-server.ts';
import { removalSeconds, removeAllGrants, watchGrants } from './grants.ts';
import { measureActivation } from './measure/activation.ts';
import { measureAdmission } from './measure/admission.ts';
import type { AdmissionResult } from './measure/admission.ts';
import type { Ground } from './measure/ground.ts';
import { measureJudging } from './measure/judging.ts';
import { watchMemory, type MemoryStage } from './measure/memory.ts';
import { measureMint } from './measure/mint.ts';
import { measureReviews } from './measure/reviews.ts';
import { measureRevocation } from './measure/revocation.ts';
import { createNamespaces } from './namespaces.ts';
import { createNode } from './node.ts';
import { FULL, isSuite, QUICK, type Suite } from './plan.ts';
import { createPopulation } from './population.ts';
import type { Environment, Results } from './report/report.ts';

const [file, extent, ...names] = process.argv.slice(2);
if (file === undefined) throw new TypeError('load.ts: no file for the result');
const quick = extent === 'quick';
const progress = createProgress(
  (line) => {
    console.error(line);
  },
  () => performance.now(),
);
const [loadBefore = 0] = loadavg();
const startedAt = new Date();
const api = await connect();
const kubernetes = await versionOf(api);
await progress.run([
  {
    doing: 'making the namespaces for the load',
    seconds: 5,
    work: async () => {
      await createNamespaces(api);
      await createNode(api);
    },
  },
]);
const watch = await watchGrants();
const results = await measure({ api, watch, plan: quick ? QUICK : FULL, progress }, names.filter(isSuite));
await watch.close();
await api.close();
const environment: Environment = {
  startedAt: startedAt.toISOString(),
  seconds: (Date.now() - startedAt.getTime()) / 1000,
  kubernetes,
  node: process.versions.node,
  cpus: cpus().length,
  cpuModel: cpus()[0]?.model ?? 'unknown CPU',
  loadBefore,
  quick,
};
await writeFile(file, JSON.stringify({ environment, results }));

/** The suites that need an empty cluster come first; the many grants are made once, for memory and for admission. */
async function measure(ground: Ground, chosen: readonly Suite[]): Promise<Results> {
  const wants = (suite: Suite): boolean => chosen.includes(suite);
  const [few, many] = ground.plan.populations;
  const stages: MemoryStage[] = [];
  const admission: AdmissionResult[] = [];
  const population = createPopulation(ground);
  /** Memory is looked at while grants come and go, and not while anything else is measured. */
  const remembering = async (change: () => Promise<void>): Promise<void> => {
    if (!wants('memory')) {
      await change();
      return;
    }
    const memory = watchMemory(ground);
    await change();
    const { active, finished } = population;
    progress.say(`memory with ${active} active and ${finished} finished grants: waiting until it is at rest`);
    stages.push(await memory.stage({ active, finished }));
    await memory.stop();
  };

  if (wants('memory')) await remembering(() => Promise.resolve());
  const judging = wants('judging') ? await measureJudging(ground) : undefined;
  const activation = wants('activation') ? await measureActivation(ground) : undefined;
  if (wants('admission')) admission.push(await measureAdmission(ground, 'few'));
  const mint = wants('mint') ? await measureMint(ground) : undefined;
  const revocation = wants('revocation') ? await measureRevocation(ground) : undefined;
  if (wants('memory')) {
    await progress.run([
      {
        doing: 'removing all grants before memory is looked at',
        seconds: removalSeconds(ground.watch.count()),
        work: () => removeAllGrants(ground.api, ground.watch),
      },
    ]);
    await remembering(() => population.activate(few));
    await remembering(() => population.finish());
  }
  if (wants('memory') || wants('admission')) await remembering(() => population.activate(many));
  if (wants('admission')) admission.push(await measureAdmission(ground, 'many'));
  if (wants('memory')) await remembering(() => population.finish());

  // The last: it turns the product off for a while.
  const reviews = wants('reviews') ? await measureReviews(ground) : undefined;

  return {
    ...(judging && { judging }),
    ...(activation && { activation }),
    ...(wants('admission') && { admission }),
    ...(mint && { mint }),
    ...(revocation && { revocation }),
    ...(wants('memory') && { memory: { stages } }),
    ...(reviews && { reviews }),
  };
}

async function versionOf(server: ApiServer): Promise<string> {
  const { gitVersion } = JSON.parse(await server.must('GET', '/version')) as { gitVersion: string };
  return gitVersion.replace(/^v/, '');
}
