import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aGrant, withGrantSpec, withWorkload } from '../testing/builders.ts';
import { aTaskPod } from '../testing/lifecycle.ts';
import type { Pod, Stored } from '../../api/kubernetes.ts';
import { isComplete, recordPods, stopping, unobserved } from './pods.ts';

const TIME = '2026-11-23T09:00:30.000Z';
const LATER = '2026-11-23T09:01:00.000Z';

describe('the record of pods', () => {
  test('says what ran where, since when, and with which images', () => {
    const pod = aTaskPod('summarise', 'Running', {
      initContainerStatuses: [status('registry.example/setup@sha256:b')],
      containerStatuses: [
        status('registry.example/agent@sha256:a'),
        status('registry.example/agent@sha256:a'),
      ],
    });
    expect(recordPods([], [pod], 1, TIME).records).toEqual([
      {
        name: 'summarise',
        uid: 'uid-of-summarise',
        nodeName: 'node-1',
        phase: 'Running',
        admittedAt: '2026-11-23T09:00:05Z',
        imageIDs: ['registry.example/agent@sha256:a', 'registry.example/setup@sha256:b'],
      },
    ]);
  });

  test('says when a pod was seen finished, and does not say it anew', () => {
    const { records } = recordPods([], [aTaskPod('summarise', 'Succeeded')], 1, TIME);
    expect(records).toMatchObject([{ phase: 'Succeeded', finishedAt: TIME }]);
    expect(recordPods(records, [aTaskPod('summarise', 'Succeeded')], 1, LATER).records).toEqual(records);
  });

  test('keeps a finished pod that is deleted later as it was', () => {
    const { records } = recordPods([], [aTaskPod('summarise', 'Failed')], 1, TIME);
    expect(recordPods(records, [], 1, LATER).records).toEqual(records);
  });

  test('has a pod as Gone that was deleted before it was seen finished', () => {
    const { records } = recordPods([], [aTaskPod('summarise', 'Running')], 1, TIME);
    expect(recordPods(records, [], 1, LATER).records).toMatchObject([{ phase: 'Gone', finishedAt: LATER }]);
  });

  test('takes a pod of the same name with another UID for another pod', () => {
    const { records } = recordPods([], [aTaskPod('summarise', 'Running')], 2, TIME);
    const again = aTaskPod('summarise', 'Running');
    const other = { ...again, metadata: { ...again.metadata, uid: 'another' } };
    expect(recordPods(records, [other], 2, LATER).records.map(({ uid, phase }) => [uid, phase])).toEqual([
      ['uid-of-summarise', 'Gone'],
      ['another', 'Running'],
    ]);
  });

  test('has a pod as Pending while nobody has spoken of it, or in words that are not known yet', () => {
    expect(recordPods([], [aTaskPod('summarise', 'Dreaming')], 1, TIME).records).toMatchObject([
      { phase: 'Pending' },
    ]);
  });

  test('takes in no more than maxPods, the oldest first, and names the others', () => {
    const pods = [
      aTaskPod('third', 'Running', { createdAt: '2026-11-23T09:00:07Z' }),
      aTaskPod('second', 'Running', { createdAt: '2026-11-23T09:00:06Z' }),
      aTaskPod('first', 'Running', { createdAt: '2026-11-23T09:00:05Z' }),
    ];
    const { records, overBudget } = recordPods([], pods, 2, TIME);
    expect(records.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(overBudget.map(({ metadata }) => metadata.name)).toEqual(['third']);
  });

  test('gives no place free when a pod is gone: maxPods counts all that ever ran', () => {
    const { records } = recordPods([], [aTaskPod('first', 'Failed')], 1, TIME);
    expect(recordPods(records, [aTaskPod('second', 'Running')], 1, LATER).overBudget).toHaveLength(1);
  });

  test('stays small enough to be stored, whatever images a kubelet reports', () => {
    const manyImages = fc.array(fc.string({ minLength: 1, maxLength: 2000 }), { maxLength: 200 });
    fc.assert(
      fc.property(manyImages, fc.integer({ min: 1, max: 1000 }), (ids, maxPods) => {
        const pod = aTaskPod('summarise', 'Running', { containerStatuses: ids.map(status) });
        const imageIDs = recordPods([], [pod], maxPods, TIME).records[0]?.imageIDs ?? [];
        expect(imageIDs.length).toBeLessThanOrEqual(64);
        expect(imageIDs.every((id) => id.length <= 1024)).toBe(true);
        // All pods of the grant together, at 1 KiB an image: below the 1.5 MiB of etcd with room for the rest.
        expect(imageIDs.length * maxPods).toBeLessThanOrEqual(1024);
      }),
      { examples: [[Array.from({ length: 65 }, (_, index) => `image@sha256:${index}`), 1]] },
    );
  });
});

test('a recorded pod is unobserved while it is unfinished and not among those observed', () => {
  const { records } = recordPods(
    [],
    [aTaskPod('seen', 'Running'), aTaskPod('missed', 'Running'), aTaskPod('done', 'Succeeded')],
    3,
    TIME,
  );
  expect(unobserved(records, [aTaskPod('seen', 'Running')]).map(({ name }) => name)).toEqual(['missed']);
});

describe('a task is complete', () => {
  const spec = (maxPods: number, succeeded: number) =>
    aGrant(withWorkload({ maxPods }), withGrantSpec({ completion: { succeeded, podsRunning: 'Terminate' } }))
      .spec;
  const complete = (phases: string[], maxPods: number, succeeded = 1) => {
    const pods = phases.map((phase, index) => aTaskPod(`pod-${index}`, phase));
    return isComplete(recordPods([], pods, maxPods, TIME).records, spec(maxPods, succeeded));
  };

  test.each([
    ['when as many pods have succeeded as it says', ['Succeeded'], 3, 1, true],
    ['when as many have succeeded, though others failed', ['Failed', 'Succeeded'], 3, 1, true],
    ['when all its pods are used up and have failed', ['Failed', 'Failed'], 2, 1, true],
    ['not while another pod runs', ['Succeeded', 'Running'], 3, 1, false],
    ['not while another pod is pending', ['Succeeded', 'Pending'], 3, 1, false],
    ['not while a pod is out of sight, as on a node that is lost', ['Succeeded', 'Unknown'], 3, 1, false],
    ['not while it may still retry', ['Failed'], 2, 1, false],
    ['not while more have to succeed', ['Succeeded'], 3, 2, false],
    ['not before its first pod', [], 1, 1, false],
  ])('%s', (_when, phases, maxPods, succeeded, expected) => {
    expect(complete(phases, maxPods, succeeded)).toBe(expected);
  });
});

function status(imageID: string) {
  return { name: 'main', image: 'agent', imageID, ready: true, restartCount: 0 };
}

describe('a pod that has to stop', () => {
  const now = Date.parse('2026-11-23T09:00:30.000Z');
  const stops = (pod: Stored<Pod>) => stopping([pod], { within: 30, now, why: 'over' });
  const withGrace = (seconds: number): Stored<Pod> => {
    const pod = aTaskPod('work', 'Running');
    return { ...pod, spec: { containers: [], ...pod.spec, terminationGracePeriodSeconds: seconds } };
  };
  const goingBy = (deletionTimestamp: string): Stored<Pod> => {
    const pod = withGrace(100_000);
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp } };
  };

  test('has the time that it asks for, and no more than it may have', () => {
    expect(stops(withGrace(5))).toMatchObject([{ name: 'work', graceSeconds: 5 }]);
    expect(stops(withGrace(0))).toMatchObject([{ graceSeconds: 1 }]);
    expect(stops(withGrace(100_000))).toMatchObject([{ graceSeconds: 30 }]);
    expect(stops(aTaskPod('work', 'Running'))).toMatchObject([{ graceSeconds: 30 }]);
  });

  test('is hurried where it is being deleted and would take longer, and left to it where it would not', () => {
    expect(stops(goingBy('2026-11-24T12:47:10Z'))).toHaveLength(1);
    expect(stops(goingBy('2026-11-23T09:01:00Z'))).toEqual([]);
  });

  test('is left alone where it has ended', () => {
    expect(stops(aTaskPod('work', 'Succeeded'))).toEqual([]);
  });
});
