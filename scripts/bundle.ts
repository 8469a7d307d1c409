/**
 * The programs as a few files each: dist/app/taskgrant.js and dist/cli/kubectl-taskgrant.js, and beside them what is loaded only where
 * it is needed. A bundle halves the start-up time, and neither an image nor a user's machine needs node_modules.
 */
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is run in the image, from the root of the repository. */
export const BUNDLE = 'dist/app/taskgrant.js';

/** The plugin of kubectl, and what kubectl asks to complete its command lines: as package.json's `bin` names them. */
export const PLUGIN = {
  program: 'dist/cli/kubectl-taskgrant.js',
  completion: 'dist/cli/kubectl_complete-taskgrant.js',
} as const;

/** The version in package.json: of the product, its image and its chart. */
export async function version(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/**
 * The product.
 *
 * @returns the absolute paths of all files of the bundle
 * @throws BuildFailure of esbuild, with its messages.
 */
export function bundle(): Promise<string[]> {
  return bundleOf({ [BUNDLE]: 'src/main.ts' }, 'node24');
}

/**
 * The plugin, for the Node.js that its user has; with it, the reading of clusters takes the one that undici needs.
 *
 * @returns the absolute paths of all its files
 * @throws BuildFailure of esbuild, with its messages.
 */
export async function bundlePlugin(): Promise<string[]> {
  const programs = { [PLUGIN.program]: 'src/cli/main.ts', [PLUGIN.completion]: 'src/cli/complete.ts' };
  const paths = await bundleOf(programs, 'node20');
  await Promise.all(Object.keys(programs).map((path) => chmod(join(root, path), 0o755)));
  return paths;
}

/** @param programs what is run, each with its source; all of them in one folder */
async function bundleOf(programs: Readonly<Record<string, string>>, target: string): Promise<string[]> {
  const [folder = ''] = Object.keys(programs).map((path) => dirname(path));
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(programs).map(([path, source]) => ({
      in: source,
      out: basename(path, '.js'),
    })),
    outdir: folder,
    // Their names change with what is in them, and so does what imports them.
    chunkNames: '[name]-[hash]',
    splitting: true,
    write: false,
    bundle: true,
    platform: 'node',
    target,
    format: 'esm',
    minifySyntax: true,
    // Names stay as they are, so that stack traces can be read.
    sourcemap: false,
    legalComments: 'none',
    define: { TASKGRANT_VERSION: JSON.stringify(await version()) },
    // CommonJS dependencies ask for these, which an ES module does not have.
    banner: {
      js: [
        "import { createRequire as __createRequire } from 'node:module';",
        "import { fileURLToPath as __fileURLToPath } from 'node:url';",
        "import { dirname as __pathDirname } from 'node:path';",
        'const require = __createRequire(import.meta.url);',
        'const __filename = __fileURLToPath(import.meta.url);',
        'const __dirname = __pathDirname(__filename);',
      ].join('\n'),
    },
    logLevel: 'warning',
  });
  const directory = join(root, folder);
  await mkdir(directory, { recursive: true });
  const isMain = ({ path }: OutputFile): boolean =>
    Object.keys(programs).some((one) => path === join(root, one));
  // Another script may read them, or write them, at the same time: what imports comes after what is imported.
  const inOrder = [...outputFiles.filter((file) => !isMain(file)), ...outputFiles.filter(isMain)];
  for (const { path, contents } of inOrder) {
    const unfinished = join(root, 'dist', `${basename(path)}.${process.pid}`);
    await writeFile(unfinished, contents);
    await rename(unfinished, path);
  }
  const names = outputFiles.map(({ path }) => basename(path));
  const outdated = (await readdir(directory)).filter((name) => !names.includes(name));
  for (const name of outdated) await rm(join(directory, name), { force: true });
  return outputFiles.map(({ path }) => path);
}
