import { expect, test } from 'vitest';
import { readCatalogue } from './catalogue.ts';
import { readLegitimate } from './legitimate.ts';

test('the catalogue holds eighty escapes and more, and a pod runs for twenty-five and more', async () => {
  const catalogue = await readCatalogue();
  expect(catalogue.length).toBeGreaterThanOrEqual(80);
  expect(catalogue.filter(({ proof }) => proof === 'pod').length).toBeGreaterThanOrEqual(25);
});

test('no two escapes try the same', async () => {
  const tries = (await readCatalogue()).map((escape) => escape.tries);
  expect(tries.filter((each, index) => tries.indexOf(each) !== index)).toEqual([]);
});

test('sixty legitimate pods and more stand beside them', async () => {
  expect((await readLegitimate()).length).toBeGreaterThanOrEqual(60);
});
