/** The product as one file: dist/taskgrant.js. A bundle halves the start-up time, and an image needs no node_modules. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** From the root of the repository. */
export const BUNDLE = 'dist/taskgrant.js';

/** The version in package.json: of the product, its image and its chart. */
export async function version(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** @throws BuildFailure of esbuild, with its messages. */
export async function bundle(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outfile: BUNDLE,
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
}
