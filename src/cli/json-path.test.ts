import { expect, test } from 'vitest';
import { stepsOf } from './json-path.ts';

test.each([
  ['spec.volumes[0].secret.secretName', ['spec', 'volumes', '0', 'secret', 'secretName']],
  ['metadata.labels[taskgrant.dev/grant]', ['metadata', 'labels', 'taskgrant.dev/grant']],
  ['items[3].spec', ['items', '3', 'spec']],
  ['', []],
])('the steps of %s', (path, steps) => {
  expect(stepsOf(path)).toEqual(steps);
});
