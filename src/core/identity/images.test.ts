import { expect, test } from 'vitest';
import { aPod, IMAGE, withEphemeralContainer, withInitContainer, withSpec } from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';

test('processes are shared by all containers, of which the images are said', () => {
  const pod = aPod(
    withSpec({ shareProcessNamespace: true }),
    withInitContainer({ image: 'init' }),
    withEphemeralContainer({ image: 'debugger' }),
  );
  expect(requestsOf(pod, 'SharedProcesses')).toEqual([
    ['spec.shareProcessNamespace', ['init', IMAGE, 'debugger']],
  ]);
});

test('processes are shared by containers without an image, too', () => {
  const pod = aPod(withSpec({ shareProcessNamespace: true, containers: [{ name: 'a' }] }));
  expect(requestsOf(pod, 'SharedProcesses')).toEqual([['spec.shareProcessNamespace', ['']]]);
});

test('processes are not shared where the pod does not say so', () => {
  for (const shareProcessNamespace of [false, undefined]) {
    const spec = shareProcessNamespace === undefined ? {} : { shareProcessNamespace };
    expect(requestsOf(aPod(withSpec(spec)), 'SharedProcesses')).toEqual([]);
  }
});

test('an ephemeral container without a name is one', () => {
  const pod = aPod(withSpec({ ephemeralContainers: [{} as { name: string }] }));
  expect(requestsOf(pod, 'EphemeralContainer')).toEqual([['spec.ephemeralContainers[0]', '']]);
});
