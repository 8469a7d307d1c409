/**
 * The product in a few files: dist/app/taskgrant.js, and beside it what is loaded only where it is needed. A bundle halves
 * the start-up time, and an image needs no node_modules.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const DIRECTORY = 'dist/app';
/** What is run, from the root of the repository. */
export const BUNDLE = `${DIRECTORY}/taskgrant.js`;

/** The version in package.json: of the product, its image and its chart. */
export async function version(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/**
 * @returns the absolute paths of all files of the bundle
 * @throws BuildFailure of esbuild, with its messages.
 */
export async function bundle(): Promise<string[]> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/main.ts', out: basename(BUNDLE, '.js') }],
    outdir: DIRECTORY,
    // Their names change with what is in them, and so does what imports them.
    chunkNames: '[name]-[hash]',
    splitting: true,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
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
  const directory = join(root, DIRECTORY);
  await mkdir(directory, { recursive: true });
  const isMain = ({ path }: OutputFile): boolean => path === join(root, BUNDLE);
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
