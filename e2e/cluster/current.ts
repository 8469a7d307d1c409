import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Cluster } from './driver.ts';
import { must, run } from './process.ts';
import { ensurePrograms, programPath } from './programs.ts';
import type { Progress } from './progress.ts';
import { Unmet } from './unmet.ts';

/**
 * The cluster that the user's kubeconfig points to. `up` keeps a copy of the current context, so that a switch to another
 * one does not turn a test that runs against a cluster that nobody meant.
 */
export function currentCluster(name: string, cache: string, progress: Progress): Cluster {
  const kubeconfig = join(cache, 'current', `${name}.kubeconfig`);
  const programs = ['kubectl', 'helm'] as const;
  const kubectl = (): string => programPath('kubectl', cache);
  const answers = ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz'];

  return {
    driver: 'current',
    name,
    kubeconfig,
    async up({ kubernetes, apiServerArgs = [] } = {}) {
      if (kubernetes !== undefined || apiServerArgs.length > 0) {
        throw new Unmet(
          'With the driver "current" the cluster is as it is: leave out the version and the flags.',
        );
      }
      await ensurePrograms(programs, cache, progress);
      const context = await must([kubectl(), 'config', 'view', '--minify', '--flatten', '--raw']).catch(
        () => undefined,
      );
      if (context === undefined) {
        throw new Unmet('The driver "current" needs a kubeconfig with a current context, and there is none.');
      }
      mkdirSync(dirname(kubeconfig), { recursive: true, mode: 0o700 });
      writeFileSync(kubeconfig, context, { mode: 0o600 });
      await must([kubectl(), ...answers]);
      return 'was up';
    },
    down: () =>
      Promise.reject(new Unmet('The driver "current" did not make this cluster, and does not take it down.')),
    async status() {
      await ensurePrograms(['kubectl'], cache, progress);
      const ready = await run([kubectl(), '--kubeconfig', kubeconfig, 'get', '--raw', '/readyz']);
      return {
        name,
        driver: 'current',
        ...(ready.code === 0 ? { state: 'up', kubeconfig } : { state: 'down' }),
      };
    },
    async run(argv, options = {}) {
      if (!existsSync(kubeconfig)) {
        throw new Unmet(`Say which cluster is meant: npm run cluster -- --driver current up --name ${name}`);
      }
      await ensurePrograms(programs, cache, progress);
      return run(argv, {
        ...options,
        env: {
          PATH: [...programs.map((each) => dirname(programPath(each, cache))), process.env['PATH']].join(
            delimiter,
          ),
          KUBECONFIG: kubeconfig,
          TASKGRANT_CLUSTER: name,
          TASKGRANT_CLUSTER_DRIVER: 'current',
          ...options.env,
        },
      });
    },
    loadImage: () =>
      Promise.reject(
        new Unmet(
          'The driver "current" cannot load images: push the image to a registry that the cluster pulls from.',
        ),
      ),
    async program(each) {
      await ensurePrograms([each], cache, progress);
      return programPath(each, cache);
    },
  };
}
