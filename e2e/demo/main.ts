/** `npm run demo`: a cluster, the product, and one task from its declaration to its receipt. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Cluster } from '../cluster/driver.ts';
import { openCluster } from '../cluster/open.ts';
import { createProgress } from '../cluster/progress.ts';
import { Unmet } from '../cluster/unmet.ts';
import { until } from '../cluster/until.ts';
import { HELM_INSTALL, loadProductImage } from '../product/install.ts';
import { createStory, type Story } from './story.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const program = new Command('demo')
  .description(
    'Brings up a cluster, installs TaskGrant, and shows one task from its declaration to its receipt.',
  )
  .option('--keep', 'leave the cluster up, and say how to go on')
  .option('--name <name>', 'of the cluster', 'demo')
  .showHelpAfterError();
program.parse();
const { keep = false, name } = program.opts<{ keep?: boolean; name: string }>();

const progress = createProgress(
  (line) => {
    console.error(line);
  },
  () => performance.now(),
);
let cluster: Cluster | undefined;
let failed: unknown;
try {
  cluster = await openCluster({ name, progress });
  await cluster.up();
  await loadProductImage(cluster, progress);
  await removeEarlierStory(cluster);
  await tellStory(
    createStory(cluster, root, (text) => process.stdout.write(text)),
    cluster,
  );
} catch (error) {
  failed = error;
  console.error(error instanceof Unmet ? error.message : error);
  process.exitCode = 1;
}
if (!keep) await cluster?.down();
else if (failed === undefined) sayHowToGoOn();

/** In a cluster that was kept, what is shown has been used up: a grant is one decision, and is not taken twice. */
async function removeEarlierStory({ run }: Cluster): Promise<void> {
  const namespace = 'namespace/agents';
  const { stdout } = await run(['kubectl', 'get', namespace, '--ignore-not-found', '--output', 'name']);
  if (stdout.trim() === '') return;
  await progress.run([
    {
      doing: `removing what an earlier demo left (${namespace})`,
      seconds: 10,
      work: async () => {
        const { code, stderr } = await run(['kubectl', 'delete', namespace, '--timeout=120s']);
        if (code !== 0) throw new Unmet(stderr);
      },
    },
  ]);
}

async function tellStory({ chapter, tell, show }: Story, { run }: Cluster): Promise<void> {
  chapter('Install');
  await show([...HELM_INSTALL, '--hide-notes'].join(' '), { live: true });
  await show('kubectl -n taskgrant-system get pods');

  chapter('Declare');
  tell('A namespace with one label, a ConfigMap that the task needs, and a Secret that it does not.');
  await show('kubectl apply -f examples/namespace.yaml');
  tell('A TaskGrant and a Job in one file. All that the Job says of it is one label.');
  await show('kubectl apply -f examples/task.yaml', { patient: true });
  await show('kubectl -n agents wait --for=jsonpath={.status.ready}=1 job/summarise-tickets --timeout=60s');
  await show('kubectl -n agents get taskgrants');
  tell('What was filled in: an account made for this task, and one token of ten minutes.');
  await show(
    'kubectl -n agents get pod -l taskgrant.dev/grant=summarise-tickets -o jsonpath=\'{range .items[*]}{.spec.serviceAccountName}{"\\n"}{.spec.volumes[*].projected.sources[0]}{"\\n"}{end}\'',
  );

  chapter('A pod that asks for more');
  tell('It carries the same grant, and is told everything that is wrong with it at once.');
  await show('kubectl apply -f examples/greedy.yaml', { refused: true });

  chapter('The task at work');
  tell('Its own words: who it is, the ConfigMap that it may read, and the Secret that it may not.');
  await show('kubectl -n agents logs -f job/summarise-tickets', { live: true });

  chapter('Gone');
  await show(
    'kubectl -n agents wait --for=jsonpath={.status.phase}=Completed taskgrant/summarise-tickets --timeout=60s',
  );
  await show('kubectl -n agents get taskgrants');
  await show('kubectl get serviceaccounts,roles,rolebindings -A -l app.kubernetes.io/managed-by=taskgrant');
  tell(
    'The receipt: when the end was decided, when rights and identity were gone, and when that was looked at.',
  );
  await show(
    'kubectl -n agents get taskgrant summarise-tickets -o custom-columns=REASON:.status.revocation.reason,DECIDED:.status.revocation.requestedAt,RIGHTS-GONE:.status.revocation.rbacRemovedAt,IDENTITY-GONE:.status.revocation.identityRemovedAt,VERIFIED:.status.revocation.verifiedAt',
  );

  chapter('A stolen token');
  tell('Another task is talked into printing its token. Somebody reads the log, and is the task now.');
  // Made as far as can be before the task begins: the thief is somebody only while it is at work.
  const thief = await mkdtemp(join(tmpdir(), 'taskgrant-demo-'));
  try {
    const kubeconfigWith = await thiefsKubeconfig(run);
    await show('kubectl apply -f examples/leak.yaml', { patient: true });
    await show('kubectl -n agents wait --for=condition=Ready pod/leak --timeout=60s');
    const token = await printedToken(run);
    await writeFile(join(thief, 'kubeconfig'), kubeconfigWith(token), { mode: 0o600 });
    const stolen = `kubectl --kubeconfig ${join(thief, 'kubeconfig')}`;
    await show(`${stolen} auth whoami`);
    tell('Then the task is done. Its pod is still there; the token is worth nothing.');
    await show('kubectl -n agents wait --for=jsonpath={.status.phase}=Succeeded pod/leak --timeout=60s');
    await show(
      'kubectl -n agents wait --for=jsonpath={.status.phase}=Completed taskgrant/leak --timeout=60s',
    );
    await show(`${stolen} -n agents get configmap tickets`, { refused: true });
    await untilRefused(`${stolen} auth whoami`, run);
    await show(`${stolen} auth whoami`, { refused: true });
    await show('kubectl -n agents get pod leak');
  } finally {
    await rm(thief, { recursive: true });
  }
  await show('kubectl get taskgrants -A -o wide');
}

/** Makes a kubeconfig with nothing but the token that the pod printed: a token never stands in a command. */
async function thiefsKubeconfig(run: Cluster['run']): Promise<(token: string) => string> {
  const admin = JSON.parse(
    (await run(['kubectl', 'config', 'view', '--raw', '--minify', '-o', 'json'])).stdout,
  ) as {
    clusters: unknown[];
    contexts: [{ context: { cluster: string } }];
  };
  return (token) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: admin.clusters,
      users: [{ name: 'thief', user: { token } }],
      contexts: [{ name: 'thief', context: { cluster: admin.contexts[0].context.cluster, user: 'thief' } }],
      'current-context': 'thief',
    });
}

/** Read as soon as it is there: the task goes on while somebody else is it. */
async function printedToken(run: Cluster['run']): Promise<string> {
  let log = '';
  await until('the pod has printed its token', 60, async () => {
    log = (await run(['kubectl', '-n', 'agents', 'logs', 'leak'])).stdout;
    return log.includes('\n');
  });
  return log.trim();
}

/** Asks until the API server has forgotten the token; it remembers one that was good for ten seconds. */
async function untilRefused(command: string, run: Cluster['run']): Promise<void> {
  await until('the token is refused', 60, async () => (await run(['sh', '-c', command])).code !== 0);
}

function sayHowToGoOn(): void {
  const npm = `npm run cluster -- ${name === 'dev' ? '' : `--name ${name} `}`;
  console.log(`
The cluster ${name} is left up. Go on with:
  ${npm}kubectl get taskgrants -A -o wide
  ${npm}kubectl describe taskgrant -n agents summarise-tickets
  ${npm}shell
and take it down with:
  ${npm}down`);
}
