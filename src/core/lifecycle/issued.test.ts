import { describe, expect, test } from 'vitest';
import { parseExternalKey } from '../identity/external-identity.ts';
import {
  aGrant,
  GRANT_ACCOUNT,
  GRANT_NAME,
  GRANT_UID,
  NAMESPACE,
  withEnvelope,
} from '../testing/builders.ts';
import { aNewGrant, everythingIssuedFor } from '../testing/lifecycle.ts';
import {
  COLLECTORS_FINALIZERS,
  driftOf,
  inventoryItemOf,
  isGoing,
  isIssuedFor,
  issuedFor,
  sameName,
  type FoundObject,
  type IssuedObject,
} from './issued.ts';

function ofKind<Kind extends IssuedObject['kind']>(objects: readonly IssuedObject[], kind: Kind) {
  return objects.filter((object): object is Extract<IssuedObject, { kind: Kind }> => object.kind === kind);
}

describe('what is issued for a grant', () => {
  const issued = issuedFor(aNewGrant(), GRANT_ACCOUNT);

  test('is one account in the grant’s own namespace, that mounts no token by itself', () => {
    expect(ofKind(issued, 'ServiceAccount')).toMatchObject([
      { metadata: { namespace: NAMESPACE }, automountServiceAccountToken: false },
    ]);
  });

  test('is a Role with the envelope’s rule in each of its namespaces', () => {
    expect(ofKind(issued, 'Role').map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([
      [NAMESPACE, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]],
      ['support', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]],
    ]);
  });

  test('is a binding beside each Role, of that Role to that account and to nobody else', () => {
    const [account] = ofKind(issued, 'ServiceAccount');
    for (const { metadata, roleRef, subjects } of ofKind(issued, 'RoleBinding')) {
      expect(roleRef).toEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name });
      expect(subjects).toEqual([
        { kind: 'ServiceAccount', name: account?.metadata.name, namespace: NAMESPACE },
      ]);
    }
    expect(ofKind(issued, 'RoleBinding').map(({ metadata }) => metadata.namespace)).toEqual([
      NAMESPACE,
      'support',
    ]);
  });

  test('carries whose it is, by name and beyond doubt', () => {
    for (const { metadata } of issued) {
      expect(metadata.labels).toEqual({
        'app.kubernetes.io/managed-by': 'taskgrant',
        'taskgrant.dev/grant': GRANT_NAME,
        'taskgrant.dev/grant-namespace': NAMESPACE,
        'taskgrant.dev/grant-uid': GRANT_UID,
      });
    }
  });

  test('is the account alone where the envelope has no rules', () => {
    expect(
      issuedFor(aNewGrant(withEnvelope({ kubernetes: [] })), GRANT_ACCOUNT).map(({ kind }) => kind),
    ).toEqual(['ServiceAccount']);
  });

  test('is one Role a namespace, however many rules name it, in the grant’s own where none is named', () => {
    const rule = { apiGroups: [''], resources: ['configmaps'], resourceNames: ['tickets'], verbs: ['get'] };
    const roles = ofKind(
      issuedFor(
        aNewGrant(
          withEnvelope({ kubernetes: [rule, { ...rule, namespaces: [NAMESPACE], verbs: ['list'] }] }),
        ),
        GRANT_ACCOUNT,
      ),
      'Role',
    );
    expect(roles).toHaveLength(1);
    expect(roles[0]?.rules).toEqual([
      rule,
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['tickets'], verbs: ['list'] },
    ]);
  });
});

describe('drift', () => {
  const grant = aNewGrant();
  const found = everythingIssuedFor(grant);
  const issued = issuedFor(grant, GRANT_ACCOUNT);
  const driftAfter = (kind: IssuedObject['kind'], change: (object: FoundObject) => object) => {
    const index = issued.findIndex((object) => object.kind === kind);
    const [before, after] = [issued[index], found[index]];
    if (!before || !after) throw new Error(`no ${kind} is issued`);
    return driftOf(before, { ...after, ...change(after) }, []);
  };

  test('is none where everything stands as it was issued', () => {
    expect(issued.map((object, index) => driftOf(object, found[index] ?? never(), []))).toEqual(
      issued.map(() => undefined),
    );
  });

  test('is none where others added what gives no rights: labels, annotations, owners', () => {
    for (const kind of ['ServiceAccount', 'Role', 'RoleBinding'] as const) {
      expect(
        driftAfter(kind, ({ metadata }) => ({
          metadata: { ...metadata, annotations: { a: 'b' }, labels: { ...metadata.labels, team: 'x' } },
        })),
      ).toBeUndefined();
    }
  });

  test('is none where the fields of a rule merely stand in another order', () => {
    expect(
      driftAfter('Role', () => ({ rules: [{ verbs: ['get'], resources: ['configmaps'], apiGroups: [''] }] })),
    ).toBeUndefined();
  });

  test.each<[string, IssuedObject['kind'], object, string]>([
    [
      'a Role that was widened',
      'Role',
      { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
      'has other rules',
    ],
    ['a Role that was emptied', 'Role', { rules: [] }, 'has other rules'],
    [
      'a binding with a subject more',
      'RoleBinding',
      { subjects: [{ kind: 'User', name: 'mallory' }] },
      'has other subjects',
    ],
    ['a binding without subjects', 'RoleBinding', { subjects: undefined }, 'has other subjects'],
    [
      'a binding of another Role',
      'RoleBinding',
      { roleRef: { apiGroup: 'x', kind: 'ClusterRole', name: 'admin' } },
      'binds another role',
    ],
    [
      'an account that is being deleted, which somebody’s finalizer holds',
      'ServiceAccount',
      { metadata: { ...found[0]?.metadata, deletionTimestamp: '2026-11-23T09:00:00Z' } },
      'is being deleted',
    ],
    [
      'an account that mounts its token',
      'ServiceAccount',
      { automountServiceAccountToken: true },
      'mounts its token by itself',
    ],
    [
      'an account that leaves mounting to the default',
      'ServiceAccount',
      { automountServiceAccountToken: undefined },
      'mounts its token by itself',
    ],
    [
      'an account with a pull secret',
      'ServiceAccount',
      { imagePullSecrets: [{ name: 'a' }] },
      'has pull secrets',
    ],
    ['an account with a Secret', 'ServiceAccount', { secrets: [{ name: 'a' }] }, 'has Secrets'],
    [
      'an account that another identity system knows',
      'ServiceAccount',
      { metadata: { ...found[0]?.metadata, annotations: { 'eks.amazonaws.com/role-arn': 'admin' } } },
      'has other annotations by which other identity systems know it',
    ],
  ])('is %s, and it is named', (_what, kind, change, words) => {
    expect(driftAfter(kind, () => change)).toMatch(new RegExp(`^${kind} ${NAMESPACE}/\\S+ ${words}$`));
  });

  test('is an account that goes by another annotation than was issued, or by one of a system that the cluster has besides', () => {
    const role = 'eks.amazonaws.com/role-arn';
    const grant = aNewGrant(withEnvelope({ externalIdentity: { [role]: 'reader' } }));
    const [issued] = issuedFor(grant, GRANT_ACCOUNT);
    const [account] = everythingIssuedFor(grant);
    if (!issued || !account) throw new Error('an account is issued');
    const withAnnotations = (annotations: Record<string, string>, keys: string[] = []) =>
      driftOf(
        issued,
        { ...account, metadata: { ...account.metadata, annotations } },
        keys.map(parseExternalKey),
      );
    expect(withAnnotations({ [role]: 'reader', note: 'x' })).toBeUndefined();
    expect(withAnnotations({ [role]: 'admin' })).toContain('other annotations');
    expect(withAnnotations({})).toContain('other annotations');
    const ours = { [role]: 'reader', 'id.example/role': 'admin' };
    expect(withAnnotations(ours)).toBeUndefined();
    expect(withAnnotations(ours, ['account:id.example/*'])).toContain('other annotations');
  });

  test.each([
    'app.kubernetes.io/managed-by',
    'taskgrant.dev/grant',
    'taskgrant.dev/grant-namespace',
    'taskgrant.dev/grant-uid',
  ])('is an object whose label %s is another, or gone: nobody would hear of it any more', (label) => {
    for (const value of ['another', undefined]) {
      expect(
        driftAfter('Role', ({ metadata }) => ({
          metadata: { ...metadata, labels: { ...metadata.labels, [label]: value } },
        })),
      ).toContain(`does not carry the label ${label}=`);
    }
  });
});

test('what is deleted goes, but where its deletion waits for dependents: these may never go', () => {
  const { metadata } = aGrant();
  const deletionTimestamp = '2026-11-23T09:00:20Z';
  expect(isGoing({ metadata })).toBe(false);
  expect(isGoing({ metadata: { ...metadata, deletionTimestamp, finalizers: ['example.com/hold'] } })).toBe(
    true,
  );
  for (const name of COLLECTORS_FINALIZERS)
    expect(isGoing({ metadata: { ...metadata, deletionTimestamp, finalizers: [name] } })).toBe(false);
});

test('an object is the grant’s by UID, not by name: an earlier grant of the same name had the same Role', () => {
  const [role] = everythingIssuedFor(aNewGrant()).filter(({ kind }) => kind === 'Role');
  const grant = aNewGrant();
  const later = { ...grant, metadata: { ...grant.metadata, uid: 'later' } };
  if (!role) throw new Error('a Role is issued');
  expect(isIssuedFor(grant, role)).toBe(true);
  expect(isIssuedFor(later, role)).toBe(false);
});

test('an inventory entry names an object, with its UID once it exists', () => {
  const grant = aNewGrant();
  const planned = issuedFor(grant, GRANT_ACCOUNT).map(inventoryItemOf);
  const existing = everythingIssuedFor(grant).map(inventoryItemOf);
  expect(planned.map(({ uid }) => uid)).toEqual(planned.map(() => undefined));
  expect(existing.map(({ uid }) => uid)).toEqual(existing.map((_, index) => `uid-${index}`));
  expect(planned.every((item, index) => sameName(item, existing[index] ?? never()))).toBe(true);
});

function never(): never {
  throw new Error('both lists have the same length');
}
