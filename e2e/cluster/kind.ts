import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from './driver.ts';
import { must, run } from './process.ts';
import { defaultKubernetes, ensurePrograms, programPath, programSteps } from './programs.ts';
import type { Progress } from './progress.ts';
import { Unmet } from './unmet.ts';

const configuration = fileURLToPath(new URL('../kind.yaml', import.meta.url));

/** A cluster of kind (kind.sigs.k8s.io), for machines with a Docker engine. The `kind` command is the user's own. */
export function kindCluster(name: string, cache: string, progress: Progress): Cluster {
  const cluster = `taskgrant-${name}`;
  const kubeconfig = join(cache, 'kind', `${name}.kubeconfig`);

  async function kind(...argv: readonly string[]): Promise<string> {
    try {
      return await must(['kind', ...argv]);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        throw new Unmet(
          'The driver "kind" needs the kind command, and there is none on the PATH: install it (https://kind.sigs.k8s.io), or use --driver local.',
        );
      }
      throw error;
    }
  }
  const exists = async (): Promise<boolean> => (await kind('get', 'clusters')).split('\n').includes(cluster);
  const programs = ['kubectl', 'helm'] as const;

  return {
    driver: 'kind',
    name,
    kubeconfig,
    async up({ kubernetes, apiServerArgs = [] } = {}) {
      if (apiServerArgs.length > 0)
        throw new Unmet('Flags of the API server can be given to local clusters only.');
      mkdirSync(dirname(kubeconfig), { recursive: true });
      if (await exists()) {
        await kind('export', 'kubeconfig', '--name', cluster, '--kubeconfig', kubeconfig);
        return 'was up';
      }
      // Without a version kind takes the node image that it was tested with.
      const image = kubernetes === undefined ? [] : ['--image', `kindest/node:v${kubernetes}`];
      const create = async (): Promise<void> => {
        await kind(
          ...['create', 'cluster', '--name', cluster, '--config', configuration],
          ...['--kubeconfig', kubeconfig, '--wait', '120s', ...image],
        );
      };
      await progress.run([
        ...(await programSteps(programs, cache, progress, defaultKubernetes)),
        { doing: `creating the kind cluster ${cluster}`, seconds: 60, work: create },
      ]);
      return 'made';
    },
    async down() {
      await kind('delete', 'cluster', '--name', cluster, '--kubeconfig', kubeconfig);
    },
    async status() {
      return {
        name,
        driver: 'kind',
        ...((await exists()) ? { state: 'up', kubeconfig } : { state: 'down' }),
      };
    },
    async run(argv, options = {}) {
      if (!(await exists()))
        throw new Unmet(`The cluster ${name} is not up: npm run cluster -- up --name ${name}`);
      await ensurePrograms(programs, cache, progress);
      return run(argv, {
        ...options,
        env: {
          PATH: [...programs.map((each) => dirname(programPath(each, cache))), process.env['PATH']].join(
            delimiter,
          ),
          KUBECONFIG: kubeconfig,
          TASKGRANT_CLUSTER: name,
          TASKGRANT_CLUSTER_DRIVER: 'kind',
          ...options.env,
        },
      });
    },
    async loadImage(archive) {
      await kind('load', 'image-archive', archive, '--name', cluster);
    },
    async program(each) {
      await ensurePrograms([each], cache, progress);
      return programPath(each, cache);
    },
  };
}
