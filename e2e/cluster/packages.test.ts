import { expect, test } from 'vitest';
import { packageSteps } from './packages.ts';

const without =
  (...missing: readonly string[]) =>
  (file: string): boolean =>
    !missing.includes(file);

test('nothing is installed where everything is there', () => {
  expect(packageSteps('/nowhere', without())).toEqual([]);
});

test('what is missing is installed, and nothing else', () => {
  const steps = packageSteps('/nowhere', without('runc', '/bin/busybox'));
  expect(steps.map(({ doing }) => doing)).toEqual(["installing Debian's runc, busybox-static"]);
});

test('without apt, one sentence says which files are missing', () => {
  expect(() => packageSteps('/nowhere', without('apt-get', '/usr/lib/cni/bridge'))).toThrow(
    "A local cluster needs /usr/lib/cni/bridge (in Debian's containernetworking-plugins), and there is no apt-get to install it with.",
  );
});
