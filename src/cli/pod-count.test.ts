import { expect, test } from 'vitest';
import type { KubernetesObject } from '../api/kubernetes.ts';
import { aGrant, withGrantSpec, withWorkload } from '../core/testing/builders.ts';
import { podCountOf, tooMuchFor } from './pod-count.ts';

const object = (kind: string, spec: object) => ({ apiVersion: 'v1', kind, metadata: { name: 'x' }, spec });
const job = (spec: object) => object('Job', spec);

test.each([
  ['a Job that says nothing: one pod, and six retries', job({}), 7, 1],
  ['a Job without retries', job({ backoffLimit: 0 }), 1, 1],
  [
    'a Job with completions: as many have to succeed',
    job({ completions: 5, parallelism: 2, backoffLimit: 1 }),
    6,
    5,
  ],
  [
    'a Job of a work queue: when one has succeeded no other is started',
    job({ parallelism: 3, backoffLimit: 0 }),
    3,
    1,
  ],
  ['a Job with retries for each index', job({ completions: 4, backoffLimitPerIndex: 2 }), 12, 4],
  ['a Job that is suspended by parallelism', job({ parallelism: 0, backoffLimit: 0 }), 1, 1],
  ['a CronJob, of each of its Jobs', object('CronJob', { jobTemplate: { spec: { backoffLimit: 2 } } }), 3, 1],
  ['a Deployment', object('Deployment', { replicas: 3 }), 3, 1],
  ['a StatefulSet that says nothing', object('StatefulSet', {}), 1, 1],
  ['a Pod', object('Pod', {}), 1, 1],
  ['what is no number', job({ completions: 'many', backoffLimit: 0 }), 1, 1],
])('%s', (_what, workload, pods, succeeded) => {
  expect(podCountOf(workload)).toMatchObject({ pods, succeeded });
});

const ENDS_EARLY =
  'completions 3, and the grant is complete as soon as 2 succeeded and none is running: set spec.completion.succeeded: 3';
const ONE_FOR_ALL =
  'its Jobs are all under one grant, which is over when the first has completed; a grant is for one task: something has to create one for each Job of the CronJob, and label its pods with it';

const underGrant = (workload: KubernetesObject, maxPods: number, succeeded = 1) =>
  tooMuchFor(
    aGrant(withWorkload({ maxPods }), withGrantSpec({ completion: { succeeded, podsRunning: 'Terminate' } })),
    workload,
  );
const cronJob = (spec: object) => object('CronJob', { jobTemplate: { spec } });

test.each([
  [{}, 2, ['backoffLimit 6 may make 7 pods, and the grant allows 2: set backoffLimit: 1, or maxPods: 7']],
  [{ completions: 3 }, 2, ['backoffLimit 6 may make 9 pods, and the grant allows 2: set maxPods: 9']],
  [
    { completions: 2, backoffLimitPerIndex: 3 },
    5,
    [
      'backoffLimitPerIndex 3 may make 8 pods, and the grant allows 5: set backoffLimitPerIndex: 1, or maxPods: 8',
    ],
  ],
  [{ backoffLimit: 1 }, 2, []],
])('a Job of %j under a grant of %i pods', (spec, maxPods, words) => {
  expect(underGrant(job(spec), maxPods, 3)).toEqual(words);
  expect(underGrant(cronJob(spec), maxPods, 3)).toEqual([...words, ONE_FOR_ALL]);
});

test.each([
  ['fewer than its completions', job({ completions: 3, backoffLimit: 0 }), 2, [ENDS_EARLY]],
  ['as many as its completions', job({ completions: 3, backoffLimit: 0 }), 3, []],
  ['one, where it is a work queue', job({ parallelism: 3, backoffLimit: 0 }), 1, []],
  [
    'fewer than its Jobs’ completions',
    cronJob({ completions: 3, backoffLimit: 0 }),
    2,
    [ENDS_EARLY, ONE_FOR_ALL],
  ],
  ['one, where it is no Job', object('Deployment', { replicas: 3 }), 1, []],
])('a workload whose grant is complete with %s', (_what, workload, succeeded, words) => {
  expect(underGrant(workload, 3, succeeded)).toEqual(words);
});
