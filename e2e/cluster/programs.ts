import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { arch } from 'node:process';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.ts';
import { run } from './process.ts';
import type { Progress, Step } from './progress.ts';
import { Unmet } from './unmet.ts';

/** The Kubernetes that `up` brings up when none is asked for. */
export const defaultKubernetes = '1.37.2';

const pinned = fileURLToPath(new URL('programs', import.meta.url));

interface Recipe {
  /** The folder in `programs/` with the go.mod and go.sum that it is built with. */
  readonly set: 'kubernetes' | 'etcd' | 'containerd' | 'helm4' | 'helm3' | 'kwok' | 'pause' | 'cert-manager';
  /** The Go package that is the program. */
  readonly from: string;
  /** What the file is called, so that its folder can be put on a PATH. */
  readonly file: string;
  /** Build time, cold, on two cores; measured on 2026-11-23. */
  readonly seconds: number;
  /** The Helm chart that comes with the program: a folder of a module that it is built from. */
  readonly chart?: { readonly module: string; readonly folder: string };
}

const kubernetes = (file: string, seconds: number): Recipe => ({
  set: 'kubernetes',
  from: `k8s.io/kubernetes/cmd/${file}`,
  file,
  seconds,
});
const containerd = (file: string, seconds: number): Recipe => ({
  set: 'containerd',
  from: `github.com/containerd/containerd/v2/cmd/${file}`,
  file,
  seconds,
});

const recipes = {
  'kube-apiserver': kubernetes('kube-apiserver', 213),
  'kube-controller-manager': kubernetes('kube-controller-manager', 70),
  'kube-scheduler': kubernetes('kube-scheduler', 8),
  kubelet: kubernetes('kubelet', 21),
  'kube-proxy': kubernetes('kube-proxy', 8),
  kubectl: kubernetes('kubectl', 16),
  etcd: { set: 'etcd', from: 'go.etcd.io/etcd/server/v3', file: 'etcd', seconds: 21 },
  containerd: containerd('containerd', 42),
  'containerd-shim-runc-v2': containerd('containerd-shim-runc-v2', 1),
  ctr: containerd('ctr', 4),
  helm: { set: 'helm4', from: 'helm.sh/helm/v4/cmd/helm', file: 'helm', seconds: 78 },
  helm3: { set: 'helm3', from: 'helm.sh/helm/v3/cmd/helm', file: 'helm', seconds: 60 },
  kwok: { set: 'kwok', from: 'sigs.k8s.io/kwok/cmd/kwok', file: 'kwok', seconds: 49 },
  pause: { set: 'pause', from: '.', file: 'pause', seconds: 3 },
  'cert-manager': {
    set: 'cert-manager',
    from: '.',
    file: 'cert-manager',
    // Half of the CPU time that it took where others were at work: on a machine of its own it has not been measured yet.
    seconds: 200,
    chart: { module: 'github.com/cert-manager/cert-manager', folder: 'deploy/charts/cert-manager' },
  },
} as const satisfies Record<string, Recipe>;

export type Program = keyof typeof recipes;

/** Everything that a local cluster runs, and what is used on it. */
export const clusterPrograms = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'etcd',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'pause',
  'helm',
] as const satisfies readonly Program[];

/** The Kubernetes versions that have a folder in `programs/`, oldest first. */
export function kubernetesVersions(): readonly string[] {
  return readdirSync(pinned)
    .filter((folder) => folder.startsWith('kubernetes-'))
    .map((folder) => folder.slice('kubernetes-'.length))
    .sort(byNumber);
}

/**
 * The pinned version that is meant by "1.37.2", "v1.37.2" or "1.37".
 *
 * @throws Unmet when there is none.
 */
export function pinnedKubernetes(asked: string): string {
  const wanted = asked.replace(/^v/, '');
  const versions = kubernetesVersions();
  const found = versions.findLast((version) => version === wanted || version.startsWith(`${wanted}.`));
  if (found !== undefined) return found;
  throw new Unmet(
    `Kubernetes ${asked} is not pinned in e2e/cluster/programs: choose ${versions.join(' or ')}, or add it as docs/cluster.md says.`,
  );
}

/**
 * The linker's flags. Without the version's parts the API server reports v0.0.0-master, and the checks of version skew in
 * kubectl and kubelet go wrong; kubectl reports those of client-go.
 */
export function linkerFlags(set: Recipe['set'], kubernetesVersion: string): string {
  if (set !== 'kubernetes') return '-s -w';
  const minor = kubernetesVersion.split('.')[1] ?? '';
  const values = {
    gitVersion: `v${kubernetesVersion}`,
    gitMajor: '1',
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '2026-01-01T00:00:00Z',
  };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return [
    '-s -w',
    ...packages.flatMap((each) =>
      Object.entries(values).map(([name, value]) => `-X ${each}.${name}=${value}`),
    ),
  ].join(' ');
}

/** The `go` line of a go.mod: the oldest Go that builds it. */
export function goVersionOf(goMod: string): string {
  return /^go (\S+)$/m.exec(goMod)?.[1] ?? '1.21';
}

interface Build {
  readonly program: Program;
  readonly source: string;
  readonly from: string;
  readonly flags: string;
  readonly path: string;
  readonly doing: string;
  readonly seconds: number;
  readonly chart: Recipe['chart'];
}

function buildOf(program: Program, cache: string, kubernetesVersion: string): Build {
  const { set, from, file, seconds, chart }: Recipe = recipes[program];
  const folder = set === 'kubernetes' ? `kubernetes-${kubernetesVersion}` : set;
  const source = join(pinned, folder);
  const flags = linkerFlags(set, kubernetesVersion);
  const digest = createHash('sha256').update(flags).update(arch);
  for (const each of readdirSync(source).sort()) digest.update(each).update(readFileSync(join(source, each)));
  return {
    program,
    source,
    from,
    flags,
    path: join(cache, 'programs', `${folder}-${digest.digest('hex').slice(0, 12)}`, file),
    doing: `building ${program}${set === 'kubernetes' ? ` ${kubernetesVersion}` : ''}`,
    seconds,
    chart,
  };
}

/** Where a program is, or will be once {@link ensurePrograms} has built it. */
export function programPath(
  program: Program,
  cache: string,
  kubernetesVersion: string = defaultKubernetes,
): string {
  return buildOf(program, cache, kubernetesVersion).path;
}

/** Where the chart is that comes with a program, once the program is built. */
export function programChart(program: string): string {
  return join(dirname(program), 'chart');
}

/**
 * Builds those of the programs that the cache does not have: by version, flags, and all files of their folder.
 *
 * @throws as {@link programSteps}, and Error with the compiler's words when a build fails.
 */
export async function ensurePrograms(
  programs: readonly Program[],
  cache: string,
  progress: Progress,
  kubernetesVersion: string = defaultKubernetes,
): Promise<void> {
  await progress.run(await programSteps(programs, cache, progress, kubernetesVersion));
}

/**
 * The steps of {@link ensurePrograms}.
 *
 * @throws Unmet when there is something to build and no Go, or one that is too old, or the version is not pinned.
 */
export async function programSteps(
  programs: readonly Program[],
  cache: string,
  progress: Progress,
  kubernetesVersion: string,
): Promise<readonly Step[]> {
  const missing = programs
    .map((program) => buildOf(program, cache, kubernetesVersion))
    .filter(({ path }) => !existsSync(path));
  await requireGo(missing);
  return missing.map((build) => ({
    doing: build.doing,
    seconds: build.seconds,
    work: () => buildOnce(build, cache, progress),
  }));
}

async function requireGo(builds: readonly Build[]): Promise<void> {
  const needs = [...new Set(builds.map(({ source }) => source))]
    .map((source) => ({ source, version: goVersionOf(readFileSync(join(source, 'go.mod'), 'utf8')) }))
    .sort((a, b) => byNumber(a.version, b.version));
  const most = needs.at(-1);
  if (!most) return;
  const needed = `Go ${most.version} or newer is needed to build the cluster's programs`;
  // In a folder with a go.mod, `go version` fails when it cannot be, or get, the Go that is asked for there.
  const found = await run(['go', 'version'], { cwd: most.source, env: goEnvironment }).catch(() => undefined);
  if (!found) throw new Unmet(`${needed}, and there is no "go" on the PATH.`);
  if (found.code !== 0) throw new Unmet(`${needed}: ${found.stderr.trim()}`);
}

/** Orders versions by their numbers: 1.9 before 1.10. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

const goEnvironment = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };

async function buildOnce(
  { program, source, from, flags, path, doing, chart }: Build,
  cache: string,
  progress: Progress,
): Promise<void> {
  const waiting = (): void => {
    progress.say(`waiting: somebody else is ${doing}`);
  };
  await withLock(join(cache, 'locks', `${program}.lock`), waiting, async () => {
    if (existsSync(path)) return;
    const directory = dirname(path);
    mkdirSync(directory, { recursive: true });
    for (const left of readdirSync(directory).filter((file) =>
      file.startsWith(`${basename(path)}.unfinished`),
    )) {
      rmSync(join(directory, left));
    }
    // A name of its own: the Go of a run that was killed may still be writing to the one of that run.
    const unfinished = `${path}.unfinished-${process.pid}`;
    const go = [
      'go',
      'build',
      '-mod=readonly',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      flags,
      '-o',
      unfinished,
      from,
    ];
    const succeed = async (argv: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(argv, { cwd: source, env: goEnvironment });
      if (code !== 0) throw new Error(`${doing} failed:\n${stderr.trim().split('\n').slice(-20).join('\n')}`);
      return stdout.trim();
    };
    await succeed(go);
    if (chart) {
      const module = await succeed(['go', 'list', '-mod=readonly', '-m', '-f', '{{.Dir}}', chart.module]);
      copyFiles(join(module, chart.folder), programChart(path));
    }
    renameSync(unfinished, path);
  });
}

/** Their content only: in Go's own cache nothing may be written to, and then not be removed either. */
function copyFiles(from: string, to: string): void {
  for (const each of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!each.isFile()) continue;
    const file = join(each.parentPath, each.name);
    const copy = join(to, relative(from, file));
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, readFileSync(file));
  }
}
