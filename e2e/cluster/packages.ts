import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withLock } from './lock.ts';
import { run } from './process.ts';
import type { Step } from './progress.ts';
import { Unmet } from './unmet.ts';
import { until } from './until.ts';

/** What a local cluster takes from the machine: the Debian package, and a file by which it is known to be there. */
const required = [
  { name: 'runc', file: 'runc' },
  { name: 'containernetworking-plugins', file: '/usr/lib/cni/bridge' },
  { name: 'iptables', file: 'iptables' },
  { name: 'iproute2', file: 'ip' },
  { name: 'busybox-static', file: '/bin/busybox' },
  { name: 'util-linux', file: 'unshare' },
] as const;

/** Directories of system programs, which are not on everybody's PATH. */
export const systemPath = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].join(delimiter);

function isPresent(file: string): boolean {
  const candidates = file.startsWith('/')
    ? [file]
    : systemPath.split(delimiter).map((folder) => join(folder, file));
  return candidates.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The installation of those of the Debian packages that are missing.
 *
 * @param present whether a file is there, or, of one without a path, whether it is one of the system's programs
 * @throws Unmet when something is missing and there is no apt-get. The step throws Error with apt's words.
 */
export function packageSteps(cache: string, present: (file: string) => boolean = isPresent): readonly Step[] {
  const missing = () => required.filter(({ file }) => !present(file));
  const namesOf = (packages: ReturnType<typeof missing>) => packages.map(({ name }) => name);
  const now = missing();
  if (now.length === 0) return [];
  if (!present('apt-get')) {
    const files = now.map(({ name, file }) => `${file} (in Debian's ${name})`);
    throw new Unmet(`A local cluster needs ${files.join(', ')}, and there is no apt-get to install it with.`);
  }
  const work = (): Promise<void> =>
    withLock(
      join(cache, 'locks', 'packages.lock'),
      () => undefined,
      async () => {
        // Whoever had the lock has installed them, mostly.
        const still = missing();
        if (still.length > 0) await install(namesOf(still));
      },
    );
  return [{ doing: `installing Debian's ${namesOf(now).join(', ')}`, seconds: 15, work }];
}

/** Waited for when another apt is at work. */
const LOCK_TIMEOUT_SECONDS = 300;

/** @throws Error with apt's words. */
export async function install(names: readonly string[]): Promise<void> {
  const apt = ['apt-get', '-q', '-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_SECONDS}`];
  await aptGet([...apt, 'update']);
  await aptGet([...apt, 'install', '-y', '--no-install-recommends', ...names]);
}

/** What apt says where another one is fetching lists, for which it waits by no option: DPkg::Lock::Timeout is for dpkg's lock alone. */
const LOCKED = 'Could not get lock';

async function aptGet(argv: readonly string[]): Promise<void> {
  const succeeded = async (): Promise<boolean> => {
    const { code, stdout, stderr } = await run(argv, {
      env: { DEBIAN_FRONTEND: 'noninteractive', PATH: systemPath },
    });
    const said = (stdout + stderr).trim().split('\n').slice(-15).join('\n');
    if (code !== 0 && !said.includes(LOCKED)) throw new Error(`${argv.join(' ')} failed:\n${said}`);
    return code === 0;
  };
  await until(`${argv.join(' ')} has the lock (${LOCKED})`, LOCK_TIMEOUT_SECONDS, succeeded);
}
