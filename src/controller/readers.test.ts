import { describe, expect, test } from 'vitest';
import type { Pod, PolicyRule, Stored } from '../api/kubernetes.ts';
import { requesterMustHold } from '../core/envelope/requester.ts';
import { driftOf, inventoryItemOf, issuedFor, type FoundObject } from '../core/lifecycle/issued.ts';
import { recordPods } from '../core/lifecycle/pods.ts';
import { TOO_MANY } from '../core/rules/compact.ts';
import { riskOf } from '../core/rules/risk.ts';
import { FINALIZER } from '../api/group.ts';
import { MOST_FINALIZERS } from '../api/taskgrant.ts';
import { aGrant, inPhase, withStatus } from '../core/testing/builders.ts';
import { aNamespace, aTaskPod, everythingIssuedFor, withRights } from '../core/testing/lifecycle.ts';
import { grantKeyOfIssued } from './grant-key.ts';
import {
  slimGrant,
  slimNamespace,
  slimPod,
  slimRole,
  slimRoleBinding,
  slimRoleOfOthers,
  slimServiceAccount,
} from './readers.ts';

const grant = aGrant(withRights);
const LARGE = 'x'.repeat(100_000);
const size = (object: object) => JSON.stringify(object).length;

function slim(object: FoundObject): FoundObject {
  switch (object.kind) {
    case 'ServiceAccount':
      return { ...slimServiceAccount(object, []), kind: object.kind };
    case 'Role':
      return { ...slimRole(object), kind: object.kind };
    case 'RoleBinding':
      return { ...slimRoleBinding(object), kind: object.kind };
  }
}

test('what was issued is kept as far as it could have drifted, and belongs to its grant', () => {
  const found = everythingIssuedFor(grant).map(slim);
  issuedFor(grant).forEach((issued, index) => {
    const kept = found[index];
    expect(kept && driftOf(issued, kept, [])).toBeUndefined();
    expect(kept && grantKeyOfIssued(kept)).toEqual([`${grant.metadata.namespace}/${grant.metadata.name}`]);
    expect(kept && inventoryItemOf(kept).uid).toBe(`uid-${index}`);
  });
});

test('annotations, labels, finalizers and owners of others cost nothing, and that a deletion waits for dependents is kept', () => {
  for (const object of everythingIssuedFor(grant)) {
    const { metadata } = object;
    const padded = {
      ...object,
      metadata: {
        ...metadata,
        annotations: { padding: LARGE },
        labels: { ...metadata.labels, padding: LARGE },
        finalizers: [LARGE, ...Array.from({ length: 100_000 }, () => 'foregroundDeletion')],
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: LARGE, uid: '1' }],
      },
    };
    expect(size(slim(padded))).toBeLessThan(2000);
    expect(slim(padded).metadata.finalizers).toEqual(['foregroundDeletion']);
  }
});

test('of an account is kept that something was put on it, however much', () => {
  const [issued] = issuedFor(grant);
  const [account] = everythingIssuedFor(grant);
  if (!issued || account?.kind !== 'ServiceAccount') throw new Error('an account is issued');
  const many = Array.from({ length: 1000 }, (_, index) => `eks.amazonaws.com/a-${index}`);
  const annotations = Object.fromEntries(many.map((key) => [key, LARGE]));
  const put: Partial<FoundObject>[] = [
    { metadata: { ...account.metadata, annotations } },
    { imagePullSecrets: many.map((name) => ({ name })) },
    { secrets: many.map((name) => ({ name })) },
  ];
  for (const what of put) {
    const kept = slim({ ...account, ...what } as FoundObject);
    expect(driftOf(issued, kept, [])).toBeDefined();
    expect(size(kept)).toBeLessThan(100_000);
  }
  const harmless = slim({ ...account, metadata: { ...account.metadata, annotations: { a: LARGE } } });
  expect(harmless.metadata.annotations).toBeUndefined();
});

test('of others’ roles and bindings is kept what risk is worked out from, however many names there are', () => {
  const metadata = { name: 'a', namespace: 'agents', uid: '1', resourceVersion: '1', creationTimestamp: '' };
  const names = Array.from({ length: 10_000 }, (_, index) => `name-${index}`);
  const resourceNames = [...names, '', 'taskgrant-a-bcdfghjk'];
  const rule = { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] };
  const role = { apiVersion: 'v1', kind: 'Role' as const, metadata, rules: [{ ...rule, resourceNames }] };
  const kept = slimRoleOfOthers(role);
  expect(kept.rules).toEqual([{ ...rule, resourceNames: ['', 'another', 'taskgrant-a-bcdfghjk'] }]);
  expect(slimRole(role)).toEqual(kept);
  expect(riskOf(kept.rules)).toEqual(riskOf(role.rules));
  expect(slimRoleOfOthers({ ...role, rules: null as unknown as [] }).rules).toEqual([]);

  const subject = (name: string) => ({ kind: 'User', name });
  const group = { kind: 'Group', name: 'system:serviceaccounts' };
  const binding = {
    apiVersion: 'v1',
    kind: 'RoleBinding' as const,
    metadata,
    roleRef: { apiGroup: '', kind: 'Role', name: 'a' },
    subjects: [...names.map(subject), group],
  };
  expect(slimRoleBinding(binding).subjects).toEqual([...names.slice(0, 64).map(subject), group]);
});

test('a role of others is kept as one that gives everything where it gives more than is looked at; a ClusterRole may give more', () => {
  const metadata = { name: 'a', uid: '1', resourceVersion: '1', creationTimestamp: '' };
  const rules = Array.from({ length: 10_000 }, (_, index) => ({
    apiGroups: [''],
    resources: ['pods'],
    verbs: [`verb-${index}`],
  }));
  const role = { apiVersion: 'v1', kind: 'Role' as const, metadata: { ...metadata, namespace: 'a' }, rules };
  const clusterRole = { apiVersion: 'v1', kind: 'ClusterRole' as const, metadata, rules };
  expect(slimRoleOfOthers(role).rules).toBe(TOO_MANY);
  expect(slimRoleOfOthers(clusterRole).rules).toMatchObject([{ verbs: { length: 10_000 } }]);
  expect(
    slimRoleOfOthers({
      ...clusterRole,
      rules: [...rules, { ...rules[0], resources: rules.map((_, n) => `x-${n}`), verbs: ['get'] }],
    }).rules,
  ).toBe(TOO_MANY);
});

test('a name that is dangerous to write is kept, wherever it stands among others', () => {
  const metadata = {
    name: 'a',
    namespace: 'kube-system',
    uid: '1',
    resourceVersion: '1',
    creationTimestamp: '',
  };
  const resourceNames = ['tickets', 'aws-auth'];
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames, verbs: ['update'] }];
  const kept = slimRoleOfOthers({ apiVersion: 'v1', kind: 'Role', metadata, rules });
  const level = (those: readonly PolicyRule[]) =>
    riskOf(those.map((rule) => ({ ...rule, namespaces: ['kube-system'] }))).level;
  expect([level(kept.rules), level(rules)]).toEqual(['Critical', 'Critical']);
});

test('of a pod is kept what its record needs, and nothing that its author can make large', () => {
  const status = {
    containerStatuses: [{ name: 'a', image: 'a', imageID: 'sha256:1', ready: true, restartCount: 0 }],
  };
  const pod = aTaskPod('work', 'Running', status);
  const large: Stored<Pod> = {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, other: 'x' }, annotations: { a: LARGE } },
    spec: { ...pod.spec, containers: [{ name: 'a', image: 'a', args: [LARGE] }] },
  };
  const kept = slimPod(large);
  expect(size(kept)).toBeLessThan(1000);
  const time = '2026-11-23T09:00:30.000Z';
  expect(recordPods([], [kept], 1, time)).toMatchObject({ records: recordPods([], [pod], 1, time).records });
});

test('of an active grant who asked for it and why is not kept, and it is the same grant in all that is asked of it', () => {
  const requestedBy = { username: 'jane', groups: [LARGE] };
  const asked = inPhase('Active')({ ...grant, spec: { ...grant.spec, requestedBy } });
  const kept = slimGrant(asked);
  expect(size(kept)).toBeLessThan(3000);
  expect(issuedFor(kept)).toEqual(issuedFor(asked));
  expect(requesterMustHold(kept)).toEqual(requesterMustHold(asked));
  expect(kept.status).toEqual(asked.status);
});

test('of a finished grant its receipt is not kept, of one that waits everything but annotations', () => {
  const annotated = { ...grant, metadata: { ...grant.metadata, annotations: { a: LARGE } } };
  const waiting = inPhase('Pending');
  expect(slimGrant(waiting(annotated))).toEqual(waiting(grant));
  const finished = inPhase('Completed')(
    withStatus({
      finishedAt: '2026-11-23T09:00:30Z',
      inventory: everythingIssuedFor(grant).map(inventoryItemOf),
    })(annotated),
  );
  const kept = slimGrant(finished);
  expect(kept.status).toEqual({
    phase: 'Completed',
    finishedAt: '2026-11-23T09:00:30Z',
    ...(grant.status?.serviceAccountName !== undefined && {
      serviceAccountName: grant.status.serviceAccountName,
    }),
  });
  expect(kept.spec.ttlAfterFinished).toBe(grant.spec.ttlAfterFinished);
});

describe('of a grant’s finalizers', () => {
  const others = (count: number) => Array.from({ length: count }, (_, at) => `example.com/${at}`);
  const keptOf = (finalizers: string[]) =>
    (['Pending', 'Active', 'Completed'] as const).map(
      (phase) =>
        slimGrant(inPhase(phase)({ ...grant, metadata: { ...grant.metadata, finalizers } })).metadata
          .finalizers,
    );

  test('are kept as many as admission lets through, as they are', () => {
    const finalizers = [...others(MOST_FINALIZERS - 1), FINALIZER];
    for (const kept of keptOf(finalizers)) expect(kept).toEqual(finalizers);
  });

  test('is kept of more that there are more, and the product’s own: they came while nobody was asked', () => {
    for (const count of [MOST_FINALIZERS, 100_000]) {
      for (const kept of keptOf([...others(count), FINALIZER]))
        expect(kept).toEqual([FINALIZER, ...others(MOST_FINALIZERS)]);
      for (const kept of keptOf(others(count + 1))) expect(kept).toEqual(others(MOST_FINALIZERS + 1));
    }
  });
});

test('of a namespace every label is kept, since classes select by them, and nothing else', () => {
  const { apiVersion, kind, metadata } = aNamespace({ team: 'agents', 'taskgrant.dev/enforce': 'granted' });
  const stored = {
    ...metadata,
    name: 'agents',
    uid: '1',
    resourceVersion: '1',
    creationTimestamp: '2026-11-23T09:00:00Z',
  };
  const padded = {
    apiVersion,
    kind,
    metadata: { ...stored, annotations: { padding: LARGE }, finalizers: [LARGE] },
  };
  expect(slimNamespace(padded).metadata.labels).toEqual({
    team: 'agents',
    'taskgrant.dev/enforce': 'granted',
  });
  expect(size(slimNamespace(padded))).toBeLessThan(2000);
});
