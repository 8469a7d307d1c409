import { describe, expect, test } from 'vitest';
import { aPod, withSpec } from '../testing/builders.ts';
import { aWholePod } from '../testing/pods.ts';
import { readPod } from './reading.ts';

/** As JSON, in which a pod comes. */
const read = (text: string) => readPod(JSON.parse(text)).pod;

test('a pod that is whole is read as it stands, and is not copied', () => {
  const pod = aWholePod();
  expect(readPod(pod)).toEqual({ pod, faults: [] });
  expect(readPod(pod).pod).toBe(pod);
});

describe('what is null', () => {
  test('is as absent, at every depth', () => {
    expect(
      read('{"metadata": null, "spec": {"containers": null, "volumes": [{"name": "a", "csi": null}]}}'),
    ).toEqual({ metadata: {}, spec: { containers: [], volumes: [{ name: 'a' }] } });
  });

  test('is as absent in one item of a list among others', () => {
    expect(read('{"spec": {"volumes": [{"name": "a"}, {"name": "b", "csi": null}]}}')?.spec?.volumes).toEqual(
      [{ name: 'a' }, { name: 'b' }],
    );
  });

  test('is empty in a map, whose key is there all the same', () => {
    expect(
      read('{"metadata": {"annotations": {"spiffe.io/id": null, "b": "x"}}}')?.metadata.annotations,
    ).toEqual({ 'spiffe.io/id': '', b: 'x' });
  });

  test('is a fault as an item of a list', () => {
    expect(readPod({ spec: { containers: [null] } })).toMatchObject({
      pod: undefined,
      faults: [{ kind: 'WrongType', path: 'spec.containers[0]' }],
    });
  });
});

describe('what is missing and always there', () => {
  test.each([
    ['the path of a mount', { containers: [{ name: 'a', volumeMounts: [{}] }] }, { name: '', mountPath: '' }],
    ['the driver of a volume', { volumes: [{ csi: {} }] }, { driver: '' }],
    ['the path of a node', { volumes: [{ hostPath: {} }] }, { path: '' }],
    ['the name of a claim', { volumes: [{ persistentVolumeClaim: {} }] }, { claimName: '' }],
    [
      'the file of a token',
      { volumes: [{ projected: { sources: [{ serviceAccountToken: {} }] } }] },
      { path: '' },
    ],
    ['the signer', { volumes: [{ projected: { sources: [{ podCertificate: {} }] } }] }, { signerName: '' }],
    ['a profile', { securityContext: { seccompProfile: {} } }, { type: '' }],
    ['the name of a sysctl', { securityContext: { sysctls: [{}] } }, { name: '' }],
  ])('is empty: %s', (_, spec, read) => {
    expect(innermost(readPod({ spec }).pod?.spec)).toContainEqual(expect.objectContaining(read));
  });
});

/** Every object within. */
function innermost(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(innermost)];
}

test('what is not known is left out, and said', () => {
  const unheardOf: object = { telepathy: {} };
  const { pod, faults } = readPod(aPod(withSpec(unheardOf)));
  expect(faults).toMatchObject([{ kind: 'UnknownField', path: 'spec.telepathy' }]);
  expect(pod?.spec).toEqual(aPod().spec);
});

test('what cannot be read is none', () => {
  for (const pod of [null, 'a', [], 3, { spec: 'a' }, { metadata: { labels: { a: 1 } } }]) {
    expect(readPod(pod).pod).toBeUndefined();
    expect(readPod(pod).faults).not.toEqual([]);
  }
});

test('nor can be where there are more faults than are looked for: what comes after them is not known', () => {
  const unknown = (count: number): [string, number][] =>
    Array.from({ length: count }, (_, index) => [`x${index}`, 1]);
  const pod = (count: number) => ({ spec: { ...Object.fromEntries(unknown(count)), hostNetwork: 'yes' } });
  expect(readPod(pod(999)).faults.at(-1)).toMatchObject({ kind: 'WrongType', path: 'spec.hostNetwork' });
  expect(readPod(pod(1000)).faults.every(({ kind }) => kind === 'UnknownField')).toBe(true);
  expect(readPod(pod(1000)).pod).toBeUndefined();
});

test('names that every object has are names like others', () => {
  const labels = '{"__proto__": "x", "constructor": null, "toString": "y"}';
  const pod = read(`{"metadata": {"labels": ${labels}}, "spec": {"containers": []}}`);
  expect(Object.entries(pod?.metadata.labels ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', ''],
    ['toString', 'y'],
  ]);
  const other: unknown = JSON.parse('{"spec": {"__proto__": {"hostPID": true}}}');
  expect(readPod(other).faults).toMatchObject([{ kind: 'UnknownField', path: 'spec.__proto__' }]);
});
