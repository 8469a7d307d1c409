/** Every escape succeeds where nothing judges pods, and is refused where the product does; every legitimate pod is admitted. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import type { Outcome } from '../grant/testbed.ts';
import { connectToApi } from './api.ts';
import { readCatalogue } from './catalogue.ts';
import { attempt, createPod } from './doors.ts';
import { product } from './enforcer.ts';
import { readLegitimate, type Legitimate } from './legitimate.ts';
import { objectOf } from './object-text.ts';
import { lacksOfSuccess } from './proof.ts';
import { applyAll, closeWorld, openWorld, untilGone, type World } from './world.ts';

const [client, api] = [testClient(clusterKubeConfig()), connectToApi()];
const catalogue = await readCatalogue();
const legitimate = await readLegitimate();
const setups = [...catalogue, ...legitimate].flatMap(({ setup }) => setup);

/** Half the catalogue’s pods start at once, on a node of two cores. */
const PATIENCE_MS = 420_000;

const opened: World[] = [];

afterAll(async () => {
  await Promise.all(opened.map(untilGone));
  await Promise.all([client.close(), api.close()]);
}, PATIENCE_MS);

describe('with the product off', () => {
  let world: World;
  const outcomes = new Map<string, Promise<Outcome>>();

  beforeAll(async () => {
    world = await openWorld({ client, api }, setups);
    opened.push(world);
    for (const escape of catalogue) {
      // A binding is proven by the pod that is bound.
      const dryRun = escape.proof === 'api' && !escape.door.startsWith('binding');
      outcomes.set(escape.slug, attempt({ escape, world, dryRun }));
    }
  }, PATIENCE_MS);

  afterAll(() => closeWorld(world, setups), PATIENCE_MS);

  for (const escape of catalogue) {
    test.concurrent(
      `${escape.slug} succeeds: ${escape.tries}`,
      async ({ expect }) => {
        const outcome = await outcomes.get(escape.slug);
        if (!outcome) throw new Error(`${escape.slug} was not tried`);
        expect(await lacksOfSuccess({ escape, world }, outcome)).toBeUndefined();
      },
      PATIENCE_MS,
    );
  }

  test.concurrent.for(legitimate)('$slug is a pod that the API server takes', async (one, { expect }) => {
    expect(await dryRunOf(one, world)).toMatchObject({ code: 0 });
  });
});

describe('where the product enforces', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld({ client, api }, setups, product);
    opened.push(world);
    const { namespace } = world;
    const grants = legitimate.map(({ grant }) => grant);
    await applyAll(world.filling, grants);
    await Promise.all(legitimate.map(({ slug }) => product.ready(client, { namespace, name: slug })));
  }, PATIENCE_MS);

  afterAll(() => closeWorld(world, setups), PATIENCE_MS);

  for (const escape of catalogue) {
    test.concurrent(
      `${escape.slug} is refused as ${escape.codes.join(', ')}`,
      async ({ expect }) => {
        const outcome = await attempt({ escape, world, dryRun: true });
        expect(product.lacks(outcome, escape)).toBeUndefined();
      },
      PATIENCE_MS,
    );
  }

  test.concurrent.for(legitimate)('$slug is admitted', async (one, { expect }) => {
    expect(await dryRunOf(one, world)).toMatchObject({ code: 0 });
  });
});

function dryRunOf({ pod }: Legitimate, world: World): Promise<Outcome> {
  return createPod(world, objectOf(pod, world.filling), true);
}
