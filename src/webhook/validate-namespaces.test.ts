import { expect, test } from 'vitest';
import { codesOf, review, someFacts } from './testing.ts';
import { createNamespaceValidator } from './validate-namespaces.ts';

const aNamespace = (labels: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'agents', labels },
});
const ENFORCED = aNamespace({ 'taskgrant.dev/enforce': 'granted' });
const changing = (activated: number, object: object) =>
  review(createNamespaceValidator(someFacts({ activated })), {
    operation: 'UPDATE',
    name: 'agents',
    oldObject: ENFORCED,
    object,
  });

test('the label is held while grants have rights in the namespace', async () => {
  expect(await changing(2, aNamespace({}))).toMatchObject({
    allowed: false,
    headline: 'the namespace cannot be changed so',
    violations: [{ code: 'NamespaceLabelHeld', asked: 'no label' }],
  });
  expect(codesOf(await changing(1, aNamespace({ 'taskgrant.dev/enforce': 'off' })))).toEqual([
    'NamespaceLabelHeld',
  ]);
});

test('the label goes where no grant has rights', async () => {
  expect(await changing(0, aNamespace({}))).toEqual({ allowed: true });
});

test('another level is one, and other labels are nobody’s business', async () => {
  expect(await changing(1, aNamespace({ 'taskgrant.dev/enforce': 'required' }))).toEqual({ allowed: true });
  expect(await changing(1, aNamespace({ 'taskgrant.dev/enforce': 'granted', a: 'b' }))).toEqual({
    allowed: true,
  });
});

test('of which namespace it is asked, the request says', async () => {
  const asked: string[] = [];
  const facts = someFacts();
  const countActivated = (name: string) => asked.push(name);
  const validator = createNamespaceValidator({ ...facts, grants: { ...facts.grants, countActivated } });
  await review(validator, {
    operation: 'UPDATE',
    name: 'agents',
    oldObject: ENFORCED,
    object: aNamespace({}),
  });
  expect(asked).toEqual(['agents']);
});
