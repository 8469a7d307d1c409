import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import { aPod, withSpec } from '../testing/builders.ts';
import { aContext } from '../testing/judging.ts';
import { identityRequestsOf, requestChange } from './identity-requests.ts';
import { readPod } from './reading.ts';
import { MOST_CONTAINERS, MOST_REQUESTS, MOST_VOLUMES, tooMuchIn } from './size.ts';

const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
const requestsOf = (pod: Pod) => identityRequestsOf(readPod(pod), aContext());

const container = { name: 'c', image: 'i' };
const containers = (count: number) =>
  aPod(withSpec({ containers: many(count - 2, container), initContainers: many(2, container) }));
const volumes = (count: number) => aPod(withSpec({ volumes: many(count, { name: 'v', emptyDir: {} }) }));
const pullSecrets = (count: number) => aPod(withSpec({ imagePullSecrets: many(count, { name: 's' }) }));

describe('a pod of which nobody needs so much says that alone', () => {
  test.each([
    ['containers, of all kinds together', containers, MOST_CONTAINERS, 'containers', 'spec'],
    ['volumes', volumes, MOST_VOLUMES, 'volumes', 'spec.volumes'],
  ])('%s', (_, pod, most, what, path) => {
    expect(requestsOf(pod(most)).some(({ kind }) => kind === 'Unjudged')).toBe(false);
    const value = { what: `${most + 1} ${what}`, known: `at most ${most} ${what}` };
    expect(requestsOf(pod(most + 1))).toEqual([{ kind: 'Unjudged', value, path }]);
  });

  test('requests for identity, of whatever kind', () => {
    // Beside the account, automounting and the image of the one container.
    expect(requestsOf(pullSecrets(MOST_REQUESTS - 3))).toHaveLength(MOST_REQUESTS);
    expect(requestsOf(pullSecrets(MOST_REQUESTS - 2))).toEqual([
      {
        kind: 'Unjudged',
        value: {
          what: `more requests for identity`,
          known: `at most ${MOST_REQUESTS} requests for identity`,
        },
        path: 'spec',
      },
    ]);
  });
});

test('a change to a pod is told however much there is of it', () => {
  const before = containers(MOST_CONTAINERS + 1);
  const after = withSpec({ hostPID: true })(before);
  expect(requestChange(readPod(before), readPod(after), aContext().externalKeys).added).toEqual([
    { kind: 'NodeAccess', value: 'true', path: 'spec.hostPID' },
  ]);
});

test.each([[{}], [{ spec: null }], [{ spec: [] }], [{ spec: { containers: 'x', volumes: {} } }]])(
  'what is no pod, as %j, has too much of nothing',
  (odd) => {
    expect(tooMuchIn(odd)).toBeUndefined();
  },
);
