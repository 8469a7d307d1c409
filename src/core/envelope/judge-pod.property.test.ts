/** What holds of judging whatever is judged: wider is never worse, more is never better, and nothing makes it throw. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { renderDenial, renderFindings } from '../decision/denial.ts';
import type { Violation } from '../decision/violation.ts';
import { externalKeys } from '../identity/external-identity.ts';
import { readPod } from '../identity/reading.ts';
import { surroundingsOf } from '../identity/surroundings.ts';
import { podOf, WORKLOAD_KINDS } from '../identity/workload.ts';
import { aGrant, aPod, NOW, withAnnotation, withContainer, withSpec } from '../testing/builders.ts';
import { aContext, API_AUDIENCE, judge, judgeUpdate } from '../testing/judging.ts';
import {
  anything,
  aWholePod,
  grantOf,
  identityChanges,
  identityPods,
  oddPods,
  placesIn,
  SOME_CLUSTER,
  widest,
  widths,
  withValueAt,
  type Width,
} from '../testing/pods.ts';
import { judgeBinding } from './judge-binding.ts';
import { previewPod, type PreviewFacts } from './preview.ts';

/** As before it is one. */
function previewed(pod: Pod, more: Partial<PreviewFacts> = {}): Violation[] {
  return previewPod({
    pod,
    reading: readPod(pod),
    grant: aGrant(),
    apiAudiences: [API_AUDIENCE],
    now: NOW,
    required: undefined,
    namespaceLabels: {},
    identity: aContext(),
    ...more,
  });
}

/** With every reference followed, as at the door. */
async function judged(pod: Pod, grant: Stored<TaskGrant>): Promise<Violation[]> {
  return judge(pod, grant, { identity: aContext(await surroundingsOf(readPod(pod), SOME_CLUSTER)) });
}

describe('an envelope that is wider', () => {
  test('never denies what a narrower one allows', async () => {
    await fc.assert(
      fc.asyncProperty(identityPods, widths, widths, async (pod, narrow, more) => {
        const denied = new Set((await judged(pod, grantOf(narrow))).map(requestOf));
        for (const violation of await judged(pod, grantOf(widest(narrow, more)))) {
          expect(denied).toContain(requestOf(violation));
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Which of the fields of a token or a certificate is wrong depends on the envelope. */
function requestOf({ path }: Violation): string {
  return path.replace(/\.(audience|expirationSeconds)$/, '').replace(/(?<=\.podCertificate)\..*$/, '');
}

describe('a pod that asks for more', () => {
  test('is not forgiven anything that it asked for before', async () => {
    await fc.assert(
      fc.asyncProperty(identityPods, identityChanges, widths, async (pod, change, width) => {
        const after = (await judged(change(pod), grantOf(width))).map(placeOf);
        for (const violation of await judged(pod, grantOf(width)))
          expect(after).toContain(placeOf(violation));
      }),
      { numRuns: 200 },
    );
  });

  test('asks for as much in an update, and is refused at least that', () => {
    fc.assert(
      fc.property(identityPods, identityChanges, widths, (pod, change, width) => {
        const grant = grantOf(width);
        const before = judge(pod, grant).map(placeOf);
        const added = judge(change(pod), grant).map(placeOf);
        const refused = judgeUpdate(pod, change(pod), grant).map(placeOf);
        for (const each of added.filter((place) => !before.includes(place))) expect(refused).toContain(each);
      }),
      { numRuns: 200 },
    );
  });
});

function placeOf({ code, path }: Violation): string {
  return `${code} ${path}`;
}

test('the order in which a pod says things changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(identityPods, widths, async (pod, width) => {
      expect(await sayings(reversed(pod), width)).toEqual(await sayings(pod, width));
    }),
    { numRuns: 200 },
  );
});

async function sayings(pod: Pod, width: Width): Promise<string[]> {
  const violations = await judged(pod, grantOf(width));
  // Which images share their processes is said in the order of the containers.
  return violations.map(({ code, asked }) => (code === 'ProcessesShared' ? code : `${code} ${asked}`)).sort();
}

/** Every list the other way around, but the sources of a volume: of two that write one file the later wins. */
function reversed<T>(value: T, field = ''): T {
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map((item) => reversed(item));
    return (field === 'sources' ? items : items.reverse()) as T;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, reversed<unknown>(inner, key)]);
  return Object.fromEntries(entries) as T;
}

describe('a template', () => {
  test.each(WORKLOAD_KINDS)('of a %s is judged as the pod that is made from it', async (kind) => {
    await fc.assert(
      fc.asyncProperty(identityPods, widths, async (pod, width) => {
        const { metadata, spec } = pod;
        const template = { metadata, spec };
        const object = {
          CronJob: { spec: { jobTemplate: { spec: { template } } } },
          PodTemplate: { template },
        }[kind] ?? { spec: { template } };
        const found = podOf({ kind, metadata: { namespace: metadata.namespace }, ...object });
        expect(found?.prefix).toMatch(/template\.$/);
        expect(await judged(found?.pod ?? aPod(), grantOf(width))).toEqual(await judged(pod, grantOf(width)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('nothing makes judging throw', () => {
  test('whatever comes in place of a pod, or of a part of one', async () => {
    await fc.assert(
      fc.asyncProperty(oddPods, oddPods, async (odd, other) => {
        await judgeInEveryWay(odd, other);
      }),
      { numRuns: 1000 },
    );
  });

  test('whichever part of a whole pod is missing', () => {
    const whole = aWholePod();
    const grant = aGrant();
    // All kinds of containers have the same parts.
    for (const place of placesIn(whole).filter(([, list]) => list !== 'initContainers')) {
      const pod = withValueAt(whole, place, undefined);
      renderDenial('no', judge(pod, 'no grant', { required: REQUIRED }));
      renderDenial('no', previewed(granted(pod), { grant }));
    }
  });

  test('however much of it there is', async () => {
    for (const pod of HUGE_PODS) {
      const identity = aContext(await surroundingsOf(readPod(pod), SOME_CLUSTER));
      renderDenial('no', [...previewed(pod, { identity }), ...judgeUpdate(aPod(), pod)]);
    }
  });

  test('however deep it is', async () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    const unknown: object = { telepathy: deep };
    await judgeInEveryWay(aPod(withSpec(unknown)), deep);
    await judgeInEveryWay(aPod(withSpec({ volumes: deep as [] })), aPod());
  });
});

const REQUIRED = { automounts: true, pullSecrets: [] };

function granted(pod: Pod): Pod {
  return withAnnotation('x', 'x')({ ...aPod(), spec: pod.spec ?? { containers: [] } });
}

/** Everything that takes a pod from outside. */
async function judgeInEveryWay(odd: unknown, other: unknown): Promise<void> {
  const [pod, oldPod] = [odd as Pod, other as Pod];
  const identity = aContext(await surroundingsOf(readPod(odd), SOME_CLUSTER));
  const binding = odd as Parameters<typeof judgeBinding>[0]['binding'];
  const doors = { binding, byScheduler: false, externalKeys: externalKeys() };
  const grant = aGrant();
  const found = [
    ...judge(pod, grant, { identity }),
    ...judge(pod, 'no grant', { identity }),
    ...judge(pod, 'no grant', { identity, required: REQUIRED }),
    ...judgeUpdate(oldPod, pod, grant),
    ...judgeUpdate(pod, aPod(), grant, { required: REQUIRED }),
    ...previewed(pod, { identity }),
    ...previewed(pod, { grant: undefined, identity, required: REQUIRED }),
    ...judgeBinding({ ...doors, grantName: 'a', grant: { grant, apiAudiences: [] }, required: undefined }),
    ...judgeBinding({ ...doors, grantName: undefined, grant: undefined, required: REQUIRED }),
  ];
  expect(renderDenial('no', found)).not.toBe('');
  expect(renderFindings(found).length).toBeLessThanOrEqual(11);
  podOf(odd);
  podOf({ kind: 'Job', metadata: odd, spec: { template: odd } });
}

const many = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));
const TOKEN_PLACE = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Each about as much as the API server takes, in as many parts as possible. */
const HUGE_PODS: readonly Pod[] = [
  aPod(
    withSpec({ volumes: many(10_000, (index) => ({ name: `v${index}` })) }),
    withContainer({ volumeMounts: many(8000, () => ({ name: 'v9999', mountPath: TOKEN_PLACE })) }),
  ),
  aPod(
    withSpec({
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              ...many(5000, (index) => ({ serviceAccountToken: { path: `t${index}` } })),
              ...many(10_000, () => ({ secret: {} })),
            ],
          },
        },
      ],
    }),
  ),
  aPod(
    withSpec({
      containers: many(10_000, (index) => ({ name: 'c', image: `i${index}` })),
      shareProcessNamespace: true,
    }),
  ),
  aPod(
    withContainer({ env: many(10_000, () => ({ name: 'E', valueFrom: { secretKeyRef: { key: 'k' } } })) }),
  ),
  aPod(withSpec({ volumes: many(10_000, (index) => ({ name: 'v', csi: { driver: `d${index}` } })) })),
  aPod(
    withSpec({
      volumes: many(10_000, (index) => ({ name: 'v', persistentVolumeClaim: { claimName: `c${index}` } })),
    }),
  ),
  aPod((pod) => ({
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: Object.fromEntries(many(10_000, (index) => [`spiffe.io/${index}`, 'x'])),
    },
  })),
  aPod(withSpec({ hostname: 'x'.repeat(2 ** 20) }), withContainer({ image: '/'.repeat(2 ** 20) })),
];

test('null is as absent, as the API server takes it', () => {
  fc.assert(
    fc.property(
      identityPods.chain((pod) =>
        fc.record({ pod: fc.constant(pod), place: fc.constantFrom(...placesIn(pod).filter(isField)) }),
      ),
      ({ pod, place }) => {
        const judgedAs = (value: unknown) => judge(withValueAt(pod, place, value));
        expect(judgedAs(null)).toEqual(judgedAs(undefined));
      },
    ),
    { numRuns: 300 },
  );
});

/** Not the item of a list, and not the entry of a map. */
function isField(place: readonly (string | number)[]): boolean {
  const isEntry = ['labels', 'annotations', 'limits', 'userAnnotations'].includes(String(place.at(-2)));
  return typeof place.at(-1) === 'string' && !isEntry;
}

test('what is odd in a binding or a workload is no more dangerous than in a pod', () => {
  fc.assert(
    fc.property(anything, (odd) => {
      expect(podOf({ kind: odd, metadata: odd, spec: odd, template: odd })).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
