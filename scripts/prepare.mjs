// What npm runs after `npm ci`: says that the dependencies are there (lockfile.mjs), builds the plugin of kubectl, and links it into
// node_modules/.bin as npm links the programs of packages. It needs no network. Where it cannot be built nothing is said to have failed: everything else works without it.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markInstalled } from './lockfile.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The oldest Node that type stripping without a flag runs on. npm has put node_modules/.bin, with the one that is pinned, first on the PATH. */
const OLDEST_NODE = [22, 18];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const tooOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);

const hasAll = existsSync(join(root, 'node_modules', 'esbuild'));
// Those of the product alone are not enough for the scripts.
if (hasAll) markInstalled();
const because = whyNot();
if (because === undefined) await buildAndLink().catch((error) => say(error.message));
else say(because);

function whyNot() {
  if (!hasAll) return 'what builds it is not installed (npm ci --omit=dev)';
  if (!tooOld) return undefined;
  return `that takes Node ${OLDEST_NODE.join('.')} or newer, and this one is ${process.versions.node}`;
}

async function buildAndLink() {
  const { bundlePlugin } = await import('./bundle.ts');
  await bundlePlugin();
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, path] of Object.entries(bin))
    link(join(root, 'node_modules', '.bin', name), join(root, path));
}

function link(from, to) {
  mkdirSync(dirname(from), { recursive: true });
  rmSync(from, { force: true });
  symlinkSync(relative(dirname(from), to), from);
}

function say(because) {
  console.error(`kubectl-taskgrant is not built: ${because}.`);
}
