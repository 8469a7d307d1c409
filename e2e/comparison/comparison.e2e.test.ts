/** docs/escapes.md says what Kubernetes' own means make of the escapes, as it is found on a real API server. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { afterAll, describe, expect, test } from 'vitest';
import { connectToApi } from '../escapes/api.ts';
import { readCatalogue, type Escape } from '../escapes/catalogue.ts';
import { attempt } from '../escapes/doors.ts';
import { closeWorld, openWorld, untilGone, type World } from '../escapes/world.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { podSecurity, validatingAdmissionPolicy, type Judge } from './judges.ts';
import { comparisonPage, isAboutGrants, type Column, type Finding } from './page.ts';

const [client, api] = [testClient(clusterKubeConfig()), connectToApi()];
const catalogue = await readCatalogue();
const setups = catalogue.flatMap(({ setup }) => setup);
const columns: Column[] = [];

/** The namespace's pods start, and then every escape is tried at once, one of them by a CronJob. */
const PATIENCE_MS = 600_000;
const PAGE = fileURLToPath(new URL('../../docs/escapes.md', import.meta.url));
const STYLE = fileURLToPath(new URL('../../.prettierrc.json', import.meta.url));

afterAll(() => Promise.all([client.close(), api.close()]));

describe.each([validatingAdmissionPolicy(), podSecurity])('where pods are judged by $name', (judge) => {
  let world: World;

  afterAll(async () => {
    await judge.remove(client);
    await closeWorld(world, setups);
    await untilGone(world);
  }, PATIENCE_MS);

  test(
    'each escape is either taken, or refused for what it tries',
    async () => {
      world = await openWorld({ client, api }, setups, judge);
      const found = await Promise.all(
        catalogue.map(async (escape) => [escape.slug, await findingOf(escape, judge, world)] as const),
      );
      columns.push({ judge: judge.name, findings: new Map(found) });
      const findings = found.map(([, finding]) => finding);
      expect(findings).toContain('refused');
      expect(findings).toContain('let through');
    },
    PATIENCE_MS,
  );
});

test('docs/escapes.md says what was found: `npm run e2e -- comparison --update` writes it anew', async () => {
  expect(columns).toHaveLength(2);
  const style = JSON.parse(await readFile(STYLE, 'utf8')) as object;
  const page = await format(comparisonPage(catalogue, columns), { ...style, parser: 'markdown' });
  await expect(page).toMatchFileSnapshot(PAGE);
});

async function findingOf(escape: Escape, judge: Judge, world: World): Promise<Finding> {
  if (isAboutGrants(escape)) return 'about grants';
  const outcome = await attempt({ escape, world, dryRun: true });
  if (outcome.code === 0) return 'let through';
  expect(judge.lacks(outcome, escape)).toBeUndefined();
  return 'refused';
}
