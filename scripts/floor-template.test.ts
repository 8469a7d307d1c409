import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ACCOUNT_PATTERN } from '../src/core/names.ts';

test('the webhook configurations know the accounts of grants by the same pattern as the floor does', async () => {
  const helpers = new URL('../charts/taskgrant/templates/_helpers.tpl', import.meta.url);
  expect(await readFile(helpers, 'utf8')).toContain(`\n${ACCOUNT_PATTERN}\n`);
});
