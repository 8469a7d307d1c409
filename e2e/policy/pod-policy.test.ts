import { expect, test } from 'vitest';
import { podPolicy } from './pod-policy.ts';

const { policy, binding } = podPolicy(
  'tasks',
  { team: 'agents' },
  {
    account: 'task',
    images: ['registry.example/agents/'],
    requireDigest: true,
    secrets: ['database'],
    audiences: ['', 'https://tools.example'],
    tokenSeconds: 900,
  },
);

test('what the pods may have stands in variables, as CEL', () => {
  const variables = Object.fromEntries(
    (policy.spec?.variables ?? []).map(({ name, expression }) => [name, expression]),
  );
  expect(variables).toMatchObject({
    account: '"task"',
    images: '["registry.example/agents/"]',
    requireDigest: 'true',
    audiences: '["","https://tools.example"]',
    tokenSeconds: '900',
  });
});

test('expressions name no variable that is not there before them', () => {
  const known = new Set<string>();
  const unknownIn = (expression: string): string[] =>
    [...expression.matchAll(/variables\.(\w+)/gu)]
      .map(([, name]) => name ?? '')
      .filter((name) => !known.has(name));
  for (const { name, expression } of policy.spec?.variables ?? []) {
    expect(unknownIn(expression)).toEqual([]);
    known.add(name);
  }
  expect((policy.spec?.validations ?? []).flatMap(({ expression }) => unknownIn(expression))).toEqual([]);
});

test('it judges by refusing, where the labels say', () => {
  expect(binding.spec).toMatchObject({
    policyName: 'tasks',
    validationActions: ['Deny'],
    matchResources: { namespaceSelector: { matchLabels: { team: 'agents' } } },
  });
});
