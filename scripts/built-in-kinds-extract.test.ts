import { expect, test } from 'vitest';
import { builtInKinds } from './built-in-kinds-extract.ts';

test('kinds are told by their group and scope, of all its versions, without subresources', () => {
  const kind = (name: string, namespaced: boolean) => ({ name, namespaced });
  expect(
    builtInKinds([
      { groupVersion: 'b/v1', resources: [kind('y', true), kind('y/status', true), kind('x', true)] },
      { groupVersion: 'b/v2', resources: [kind('y', true), kind('z', false)] },
      { groupVersion: 'v1', resources: [kind('nodes', false)] },
    ]),
  ).toEqual({
    '': { cluster: ['nodes'], namespaced: [] },
    b: { cluster: ['z'], namespaced: ['x', 'y'] },
  });
});
