import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Page {
  path: string;
  text: string;
}

async function pages(): Promise<Page[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('node_modules') && !path.startsWith('dist'));
  return Promise.all(files.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

interface PackageJson {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}

const packageJson = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as PackageJson;
const all = await pages();

/** As GitHub makes the anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^#+ (.*)$/gmu)].map(([, heading = '']) => anchorOf(heading)));
}

test('there is a README for every reader', () => {
  const paths = all.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/threat-model.md']),
  );
});

test('every link within the repository leads somewhere, to a heading that is there', async () => {
  const broken: string[] = [];
  for (const { path, text } of all) {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/gu)) {
      const [file = '', anchor] = target.split('#');
      const to = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, to))) broken.push(`${path}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(await readFile(join(root, to), 'utf8')).has(anchor))
        broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test('every npm script that a page names exists', () => {
  const named = all.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([a-z0-9-]+)/gu)].map(([, script = '']) => ({ path, script })),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ script }) => !(script in packageJson.scripts))).toEqual([]);
});

test('every path of this repository that a page names exists', () => {
  const named = all.flatMap(({ path, text }) =>
    [
      ...text.matchAll(
        /(?<![\w/.-])(?:src|e2e|scripts|charts|examples|crds|docs)\/[\w./-]*\w(?![\w./-]*\$)/gu,
      ),
    ].map(([file]) => ({ path, file })),
  );
  expect(named.length).toBeGreaterThan(20);
  // What ends in a variable is none, and patterns such as `e2e/{kube,api}` end before their brace; a chart's own folders are named from there.
  const isThere = ({ path, file }: { path: string; file: string }) =>
    existsSync(join(root, file)) || existsSync(join(root, dirname(path), file));
  expect(named.filter((one) => !isThere(one))).toEqual([]);
});

test('every dependency has its line on why, and no line is without its dependency', () => {
  const text = all.find(({ path }) => path === 'docs/dependencies.md')?.text ?? '';
  const described = [...text.matchAll(/^\| (`[^|]*) \|/gmu)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/gu)].map(([, name = '']) => name),
  );
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  const installed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(described.toSorted()).toEqual(installed.toSorted());
});

test('the image holds nothing that the product does not import', async () => {
  const sources = await readdir(join(root, 'src'), { recursive: true });
  const code = sources.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
  const texts = await Promise.all(code.map((path) => readFile(join(root, 'src', path), 'utf8')));
  const imports = texts.flatMap((text) =>
    [...text.matchAll(/(?:from|import) '([^'.][^']*)'/gu)].map(([, from = '']) => from),
  );
  const isImported = (name: string) => imports.some((from) => from === name || from.startsWith(`${name}/`));
  expect(Object.keys(packageJson.dependencies).filter((name) => !isImported(name))).toEqual([]);
});

test('every version of a dependency is exact', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version))).toEqual([]);
});
