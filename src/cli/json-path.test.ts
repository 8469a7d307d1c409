import { expect, test } from 'vitest';
import { stepsOf } from './json-path.ts';

test.each([
  ['spec.volumes[0].secret.secretName', ['spec', 'volumes', '0', 'secret', 'secretName']],
  ['metadata.labels[taskgrant.dev/grant]', ['metadata', 'labels', 'taskgrant.dev/grant']],
  ['items[3].spec', ['items', '3', 'spec']],
  ['', []],
  ['metadata.labels[a.b', ['metadata', 'labels', 'a.b']],
])('the steps of %s', (path, steps) => {
  expect(stepsOf(path)).toEqual(steps);
});

test('brackets that nothing closes are one step, however many: each is looked at once', () => {
  expect(stepsOf(`metadata.labels${'['.repeat(3_000_000)}`)).toHaveLength(3);
});
