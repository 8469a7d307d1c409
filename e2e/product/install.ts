/** Puts the product on a cluster as its users do: the image, and the chart with Helm. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { BUNDLE } from '../../scripts/bundle.ts';
import { makeProductImage } from '../../scripts/product-image.ts';
import type { Cluster } from '../cluster/driver.ts';
import type { Progress } from '../cluster/progress.ts';

/** The release and the namespace that documentation and examples name. */
export const RELEASE = 'taskgrant';
export const NAMESPACE = 'taskgrant-system';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command that installs or upgrades, for people to read as well as to run. */
export const HELM_INSTALL = [
  'helm',
  'upgrade',
  '--install',
  RELEASE,
  'charts/taskgrant',
  '--namespace',
  NAMESPACE,
  '--create-namespace',
  '--wait',
  '--timeout',
  '3m',
] as const;

/** Builds the image and puts it on the cluster's node. */
export async function loadProductImage(cluster: Cluster, progress: Progress): Promise<void> {
  await progress.run([
    {
      doing: 'building the image and putting it on the node',
      seconds: 5,
      work: async () => {
        const { archive } = await makeProductImage();
        await cluster.loadImage(archive);
      },
    },
  ]);
}

/**
 * Installs the chart and returns when every replica is ready. Over an earlier installation, every process starts anew, so
 * that what runs is what was just built.
 *
 * @throws Error with Helm's own words and the state of the pods where that does not come about.
 */
export async function installProduct(
  cluster: Cluster,
  progress: Progress,
  values: readonly string[] = [],
): Promise<void> {
  await loadProductImage(cluster, progress);
  await progress.run([
    {
      doing: 'installing the chart',
      seconds: 20,
      work: async () => {
        const built = createHash('sha256')
          .update(await readFile(`${root}${BUNDLE}`))
          .digest('hex')
          .slice(0, 16);
        const restart = [
          `webhook.podAnnotations.bundle=${built}`,
          `controller.podAnnotations.bundle=${built}`,
        ];
        const sets = [...restart, ...values].flatMap((value) => ['--set-string', value]);
        const { code, stderr } = await cluster.run([...HELM_INSTALL, ...sets], { cwd: root });
        if (code === 0) return;
        const { stdout } = await cluster.run(['kubectl', '--namespace', NAMESPACE, 'get', 'pods,events']);
        throw new Error(`helm could not install the chart: ${stderr}\n${stdout}`);
      },
    },
  ]);
}
