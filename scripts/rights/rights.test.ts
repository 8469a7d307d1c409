import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { riskOf } from '../../src/core/rules/risk.ts';
import { HOLDERS, rulesOf } from './holders.ts';
import { ANY_RELEASE } from './page.ts';
import { templateOf } from './template.ts';
import { testsIn } from './tests-in.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const roles = HOLDERS.flatMap((holder) => holder.roles);

test.each(HOLDERS.map((holder) => [holder.name, holder] as const))(
  'what the %s holds is rated as it says, and what the linter finds has its reason, and nothing else has',
  (_, holder) => {
    const { level, findings } = riskOf(rulesOf(holder, ANY_RELEASE));
    expect(holder.level).toBe(level);
    expect(Object.keys(holder.accepted).sort()).toEqual(findings.map(({ code }) => code).sort());
  },
);

test('every test that a right names is in the file that it names', async () => {
  const shown = roles.flatMap(({ entries }) => entries.flatMap(({ shownBy }) => shownBy));
  const files = new Set(shown.map(({ file }) => file));
  const tests = new Map(
    await Promise.all(
      [...files].map(async (file) => [file, testsIn(await readFile(`${root}${file}`, 'utf8'))] as const),
    ),
  );
  expect(shown.filter(({ file, test: named }) => !tests.get(file)?.includes(named))).toEqual([]);
});

test('no Role of the chart has a rule of another hand, and none of the list is left out or given twice', async () => {
  const folder = `${root}charts/taskgrant/templates`;
  const templates = await Promise.all(
    (await readdir(folder, { recursive: true }))
      .filter((path) => path.endsWith('.yaml') || path.endsWith('.tpl'))
      .map(async (path) => ({ path, text: await readFile(`${folder}/${path}`, 'utf8') })),
  );
  const byHand = templates.filter(({ path, text }) => path !== '_rights.tpl' && /\bverbs\b/.test(text));
  expect(byHand.map(({ path }) => path)).toEqual([]);
  const included = templates.flatMap(({ text }) =>
    [...text.matchAll(/include \(?(?:printf )?"(taskgrant\.rights\.[^"]+)"/g)].map(([, name = '']) => name),
  );
  // The chart's own word for how the controller becomes the grantor.
  const expected = included.flatMap((name) =>
    name.endsWith('%s') ? ['constrained', 'plain'].map((how) => name.replace('%s', how)) : [name],
  );
  expect(expected.sort()).toEqual(roles.map(templateOf).sort());
});
