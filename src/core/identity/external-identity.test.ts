import { describe, expect, test } from 'vitest';
import { aPod, withAnnotation, withLabels } from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';
import {
  EXTERNAL_KEYS,
  externalIdentities,
  externalKeys,
  parseExternalKey,
  PLACES,
} from './external-identity.ts';

const keys = externalKeys();
const asked = (...changes: Parameters<typeof aPod>) => requestsOf(aPod(...changes), 'ExternalIdentity');

describe('another system’s identity is found', () => {
  test('by an annotation of the pod', () => {
    expect(asked(withAnnotation('iam.amazonaws.com/role', 'admin'))).toEqual([
      [
        'metadata.annotations[iam.amazonaws.com/role]',
        { system: 'kube2iam and kiam', key: 'iam.amazonaws.com/role', value: 'admin' },
      ],
    ]);
  });

  test('by a label of the pod', () => {
    expect(asked(withLabels({ aadpodidbinding: 'vault' }))).toEqual([
      [
        'metadata.labels[aadpodidbinding]',
        { system: 'AAD Pod Identity', key: 'aadpodidbinding', value: 'vault' },
      ],
    ]);
  });

  test('by an annotation of its account', () => {
    const accountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn', 'example.com/x': 'y' };
    expect(requestsOf(aPod(), 'ExternalIdentity', { accountAnnotations })).toMatchObject([
      ['serviceAccount.metadata.annotations[eks.amazonaws.com/role-arn]', { value: 'arn' }],
    ]);
  });

  test('only where its system looks', () => {
    expect(asked(withAnnotation('aadpodidbinding', 'x'))).toEqual([]);
    expect(asked(withAnnotation('eks.amazonaws.com/role-arn', 'x'))).toEqual([]);
    expect(asked(withLabels({ 'iam.amazonaws.com/role': 'x' }))).toEqual([]);
  });

  test('in the case in which it is written only, as Kubernetes compares keys', () => {
    expect(asked(withAnnotation('IAM.amazonaws.com/role', 'x'))).toEqual([]);
  });

  test('also with an empty value, or with null for one', () => {
    expect(asked(withAnnotation('spiffe.io/id', ''))).toHaveLength(1);
    expect(asked(withAnnotation('spiffe.io/id', null as unknown as string))).toMatchObject([
      [expect.any(String), { value: '' }],
    ]);
  });

  test('where a prefix is all of the key', () => {
    expect(asked(withAnnotation('spiffe.io/', 'x'))).toHaveLength(1);
    expect(asked(withAnnotation('spiffe.io', 'x'))).toEqual([]);
  });
});

describe('a value that switches a system off', () => {
  test.each(['false', 'False', 'FALSE', 'f', 'F', '0'])('is none: %s', (value) => {
    expect(asked(withLabels({ 'azure.workload.identity/use': value }))).toEqual([]);
    expect(asked(withAnnotation('vault.hashicorp.com/agent-inject', value))).toEqual([]);
  });

  test.each(['true', 'no', 'fALSE', ' false', '', 'off'])('is no other: %j', (value) => {
    expect(asked(withAnnotation('vault.hashicorp.com/agent-inject', value))).toHaveLength(1);
  });

  test('says nothing about other keys of that system', () => {
    expect(asked(withAnnotation('vault.hashicorp.com/role', 'false'))).toHaveLength(1);
  });
});

describe('a list of keys', () => {
  test('finds the exact one before one for all that begin so', () => {
    expect(keys.find('annotation', 'vault.hashicorp.com/agent-inject')?.off).toContain('false');
    expect(keys.find('annotation', 'vault.hashicorp.com/agent-inject-secret-db')?.off).toBeUndefined();
  });

  test('knows a key wherever its system looks', () => {
    expect(keys.isKnown('eks.amazonaws.com/role-arn')).toBe(true);
    expect(keys.isKnown('azure.workload.identity/use')).toBe(true);
    expect(keys.isKnown('example.com/role')).toBe(false);
  });

  test('takes one without a * for itself alone', () => {
    const keys = externalKeys();
    expect(keys.find('label', 'aadpodidbinding')).toBeDefined();
    expect(keys.find('label', 'aadpodidbinding2')).toBeUndefined();
    expect(keys.find('label', 'aadpodidbindin')).toBeUndefined();
    expect(keys.find('annotation', 'akeyless/*')).toBeDefined();
  });

  test('has no keys that every object has', () => {
    for (const key of ['__proto__', 'constructor', 'toString', '']) expect(keys.isKnown(key)).toBe(false);
  });

  test('can have more', () => {
    const more = externalKeys([
      parseExternalKey('label:example.com/*'),
      parseExternalKey('account:example.com/role'),
    ]);
    expect(more.find('label', 'example.com/any')).toMatchObject({ system: 'a system of the chart’s values' });
    expect(more.find('account', 'example.com/role')).toBeDefined();
    expect(more.find('annotation', 'example.com/any')).toBeUndefined();
    expect(more.isKnown('spiffe.io/id')).toBe(true);
  });

  test('has each of its own entries where it says', () => {
    for (const entry of EXTERNAL_KEYS) {
      expect(keys.find(entry.on, entry.key.replace('*', 'x'))?.system).toBe(entry.system);
    }
  });
});

describe('a key as the chart’s values say it', () => {
  test.each(PLACES)('is on %s', (on) => {
    expect(parseExternalKey(`${on}:example.com/a:b`)).toMatchObject({ on, key: 'example.com/a:b' });
    expect(parseExternalKey(`${on}:example.com/*`)).toMatchObject({ on, key: 'example.com/*' });
  });

  test.each([
    ['', 'does not begin with annotation:, label:, account:'],
    ['example.com/a', 'does not begin with'],
    ['pod:example.com/a', 'does not begin with'],
    [':example.com/a', 'does not begin with'],
    ['label:', 'names no key'],
    ['label:*', 'names no key'],
    ['label:a*b', 'names no key'],
    ['label:a**', 'names no key'],
    ['label:a b', 'names no key'],
  ])('cannot be %j', (text, problem) => {
    expect(() => parseExternalKey(text)).toThrow(problem);
  });
});

test('names that every object has are no traps', () => {
  const annotations = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
  expect([...externalIdentities({ annotations }, {}, keys)]).toEqual([]);
  const more = externalKeys([{ on: 'annotation', key: '__proto__', system: 'X' }]);
  expect([...externalIdentities({ annotations }, {}, more)]).toEqual([
    {
      kind: 'ExternalIdentity',
      value: { system: 'X', key: '__proto__', value: 'x' },
      path: 'metadata.annotations[__proto__]',
    },
  ]);
});
