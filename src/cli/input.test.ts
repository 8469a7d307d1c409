import { expect, test } from 'vitest';
import { namespaceNote } from './input.ts';
import { manifestsIn } from './manifests.ts';
import { checkText } from './testing.ts';

test('where nobody names a namespace that is said, once for all objects', () => {
  const text = 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n---\n';
  const open = (count: number) =>
    manifestsIn([{ file: 'a.yaml', text: text.repeat(count) }], 'default').manifests;
  expect(namespaceNote(open(2), undefined)).toContain(
    '2 objects name no namespace and count as of namespace default',
  );
  expect(namespaceNote(open(1), undefined)).toContain('1 object names');
  expect(namespaceNote(open(2), 'agents')).toBeUndefined();
  expect(namespaceNote([], undefined)).toBeUndefined();
});

test('a key of other identity systems that is none is said, with what one looks like', async () => {
  await expect(checkText('', { externalIdentity: ['role'] })).rejects.toThrow(
    '--external-identity: role does not begin with annotation:, label:, account:',
  );
});
