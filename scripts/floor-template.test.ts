import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DURATION_PATTERN } from '../src/api/schema.ts';
import { MOST_FINALIZERS } from '../src/api/taskgrant.ts';
import { ACCOUNT_PATTERN } from '../src/core/names.ts';

const HELPERS = new URL('../charts/taskgrant/templates/_helpers.tpl', import.meta.url);

test('the webhook configurations know the accounts of grants by the same pattern as the floor does', async () => {
  expect(await readFile(HELPERS, 'utf8')).toContain(`\n${ACCOUNT_PATTERN}\n`);
});

test('and durations by the same as the CRDs do', async () => {
  expect(await readFile(HELPERS, 'utf8')).toContain(`\n${DURATION_PATTERN}\n`);
});

test('and how many finalizers a grant is given as the webhook does', async () => {
  expect(await readFile(HELPERS, 'utf8')).toContain(
    `{{- define "taskgrant.mostFinalizers" -}}\n${MOST_FINALIZERS}\n{{- end }}`,
  );
});
