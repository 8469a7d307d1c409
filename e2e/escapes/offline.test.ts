/** What `kubectl taskgrant check` says of the suite's own files, without a cluster. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkText } from '../../src/cli/testing.ts';
import { readCatalogue } from './catalogue.ts';
import { readLegitimate } from './legitimate.ts';
import { fill, readObjects } from './object-text.ts';

const FILLING = {
  namespace: 'agents',
  node: 'node-1',
  account: 'taskgrant-task-x7k2qbcd',
  imageID: `sha256:${'0'.repeat(64)}`,
};

const grant = await readFile(fileURLToPath(new URL('world/grant.yaml', import.meta.url)), 'utf8');
const objects = await readObjects(fileURLToPath(new URL('world/objects.yaml', import.meta.url)));
const catalogue = (await readCatalogue()).filter(({ door }) => door === 'create' || door === 'template');
const legitimate = await readLegitimate();

function checked(...texts: readonly string[]) {
  return checkText(texts.map((text) => fill(text, FILLING)).join('\n---\n'));
}

const isProblem = (line: string) => !line.startsWith('note: ');

describe('check denies', () => {
  test.each(catalogue)(
    '$slug, with the codes of the webhook',
    async ({ manifest = '', setup, codes, slug }) => {
      const { stdout, stderr, code } = await checked(grant, ...objects, ...setup, manifest);
      expect(stderr.filter(isProblem)).toEqual([]);
      const judged = JSON.parse(stdout) as { name: string; violations: { code: string }[] }[];
      const found = judged
        .filter(({ name }) => name === slug)
        .flatMap(({ violations }) => violations.map((one) => one.code));
      expect(found).toEqual(expect.arrayContaining(codes));
      expect(code).toBe(1);
    },
  );
});

describe('check allows', () => {
  test.each(legitimate)('$slug', async ({ pod, grant: its, setup }) => {
    const { code, stderr } = await checked(its, ...setup, pod);
    expect(stderr.filter(isProblem)).toEqual([]);
    expect(code).toBe(0);
  });
});
