import { expect, test } from 'vitest';
import {
  clusterPrograms,
  defaultKubernetes,
  goVersionOf,
  kubernetesVersions,
  linkerFlags,
  pinnedKubernetes,
  programPath,
} from './programs.ts';

test('Kubernetes is linked with its version, or its parts would take each other for v0.0.0', () => {
  const flags = linkerFlags('kubernetes', '1.37.2');
  for (const each of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
    expect(flags).toContain(`-X ${each}.gitVersion=v1.37.2`);
    expect(flags).toContain(`-X ${each}.gitMajor=1 -X ${each}.gitMinor=37`);
  }
  expect(linkerFlags('etcd', '1.37.2')).toBe('-s -w');
});

test('the oldest Go is read from go.mod', () => {
  expect(goVersionOf('module m\n\ngo 1.26.6\n\ntoolchain go1.27.0\n')).toBe('1.26.6');
});

test('a version is found by its number, with or without v, or by its minor', () => {
  expect(kubernetesVersions()).toContain(defaultKubernetes);
  for (const asked of ['1.37.2', 'v1.37.2', '1.37']) expect(pinnedKubernetes(asked)).toBe('1.37.2');
  expect(() => pinnedKubernetes('1.3')).toThrow('Kubernetes 1.3 is not pinned');
});

test('every program has a place of its own in the cache, by the version that it is built from', () => {
  const places = clusterPrograms.map((each) => programPath(each, '/cache'));
  expect(new Set(places).size).toBe(clusterPrograms.length);
  expect(programPath('kubectl', '/cache', '1.34.4')).not.toBe(programPath('kubectl', '/cache', '1.37.2'));
  expect(programPath('helm3', '/cache')).not.toBe(programPath('helm', '/cache'));
});
