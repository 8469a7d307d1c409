/** The lint rules that keep the rooms of src apart, and core pure: shown on files that break them. */
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const eslint = new ESLint({
  cwd: root,
  // The planted files do not exist, and rules about types would need a program that has them.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
  ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted-'),
});

async function complaintsAbout(path: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}${path}` });
  if (!result) throw new Error(`${path} was not linted`);
  const broken = result.messages.find(({ fatal }) => fatal);
  if (broken) throw new Error(broken.message);
  return result.messages.map(({ message }) => message);
}

const IMPURE = 'pure';
const UPWARDS = 'imports point downwards';

describe('src/core is refused', { timeout: 60_000 }, () => {
  test.each([
    ['a file system', "import { readFile } from 'node:fs/promises';", IMPURE],
    ['a file system by its old name', "import { readFileSync } from 'fs';", IMPURE],
    ['a network', "import { request } from 'undici';", IMPURE],
    ['a library that does I/O', "import { KubeConfig } from '@kubernetes/client-node';", IMPURE],
    ['timers from a module', "import { setTimeout } from 'node:timers/promises';", IMPURE],
    [
      'randomness from a module',
      "import { randomBytes } from 'node:crypto';",
      'anything random is an argument',
    ],
    ['src/kube', "import { createClient } from '../kube/client.ts';", UPWARDS],
    ['src/kube from a folder further down', "import { createClient } from '../../kube/client.ts';", UPWARDS],
    ['src/controller', "import { apply } from '../controller/apply.ts';", UPWARDS],
    ['what it re-exports from above', "export { apply } from '../webhook/review.ts';", UPWARDS],
    ['the time', 'export const at = Date.now();', 'no clock'],
    ['the time as a Date', 'export const at = new Date();', 'no clock'],
    ['the time as a string', 'export const at = Date();', 'no clock'],
    ['a module that is loaded later', "export const fs = () => import('node:fs');", IMPURE],
    ['a global by way of all globals', 'globalThis.setTimeout(() => undefined, 1);', IMPURE],
    ['randomness that is global', 'export const id = crypto.randomUUID();', IMPURE],
    ['a time-out', 'export const signal = AbortSignal.timeout(1);', IMPURE],
    ['chance', 'export const dice = Math.random();', 'no chance'],
    ['a timer', 'setTimeout(() => undefined, 1);', IMPURE],
    ['an interval', 'setInterval(() => undefined, 1);', IMPURE],
    ['a request', "void fetch('https://example.com');", IMPURE],
    ['the environment', 'export const { HOME } = process.env;', IMPURE],
    ['the terminal', "console.log('x');", IMPURE],
    ['a clock by another name', 'export const at = performance.now();', IMPURE],
  ])('%s', async (_what, code, words) => {
    const complaints = await complaintsAbout('src/core/envelope/planted.ts', code);
    expect(complaints).toEqual([expect.stringContaining(words)]);
  });
});

describe('upwards is refused', { timeout: 60_000 }, () => {
  test.each([
    ['src/api/planted.ts', '../core/names.ts'],
    ['src/kube/planted.ts', '../webhook/review.ts'],
    ['src/kube/planted.ts', '../controller/apply.ts'],
    ['src/kube/planted.ts', '../core/names.ts'],
    ['src/webhook/planted.ts', '../controller/apply.ts'],
    ['src/controller/planted.ts', '../webhook/review.ts'],
    ['src/controller/planted.ts', '../main.ts'],
    ['src/cli/planted.ts', '../webhook/review.ts'],
    ['src/cli/output/planted.ts', '../../controller/apply.ts'],
    ['src/webhook/planted.ts', '../cli/judge.ts'],
    ['src/core/planted.ts', '../cli/judge.ts'],
  ])('from %s to %s', async (from, to) => {
    expect(await complaintsAbout(from, `import { x } from '${to}'; export { x };`)).toEqual([
      expect.stringContaining(UPWARDS),
    ]);
  });
});

describe('downwards is fine', { timeout: 60_000 }, () => {
  test.each([
    ['src/core/envelope/planted.ts', '../../api/group.ts'],
    ['src/core/envelope/planted.ts', '../decision/codes.ts'],
    ['src/core/envelope/planted.ts', 'canonicalize'],
    ['src/kube/planted.ts', '../api/group.ts'],
    ['src/kube/planted.ts', 'node:fs/promises'],
    ['src/webhook/planted.ts', '../kube/client.ts'],
    ['src/webhook/planted.ts', '../core/names.ts'],
    ['src/controller/planted.ts', '../core/lifecycle/decide.ts'],
    ['src/cli/planted.ts', '../core/envelope/preview.ts'],
    ['src/cli/planted.ts', '../kube/client.ts'],
  ])('from %s to %s', async (from, to) => {
    expect(await complaintsAbout(from, `import { x } from '${to}'; export { x };`)).toEqual([]);
  });

  test('and so are a time that was handed in, and a hash', async () => {
    const code =
      "import { createHash } from 'node:crypto'; export const day = (ms: number) => createHash('sha256').update(new Date(ms).toISOString());";
    expect(await complaintsAbout('src/core/envelope/planted.ts', code)).toEqual([]);
  });
});
