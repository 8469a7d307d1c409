import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  ServiceAccount,
  Subject,
} from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { GRANT_ACCOUNT, GRANT_NAME, NAMESPACE } from '../core/testing/builders.ts';
import { everythingIssuedFor, factsWhileActive } from '../core/testing/lifecycle.ts';
import { createBoundAccess, type BoundAccess } from './bound-access.ts';
import { grantKeyOfIssued } from './grant-key.ts';
import { bindingIndexers, roleIndexers } from './readers.ts';
import { reading } from './testing.ts';

const issuedIndex = { grant: grantKeyOfIssued };
const aCluster = () => ({
  grants: reading<TaskGrant, 'namespace'>({ namespace: ({ metadata }) => [metadata.namespace] }),
  serviceAccounts: reading<ServiceAccount, 'grant'>(issuedIndex),
  roles: reading<Role, 'grant' | 'reaching'>({ ...issuedIndex, ...roleIndexers }),
  roleBindings: reading<RoleBinding, 'grant' | 'subject' | 'role'>({ ...issuedIndex, ...bindingIndexers }),
  rolesOfOthers: reading<Role, 'reaching'>(roleIndexers),
  roleBindingsOfOthers: reading<RoleBinding, 'subject' | 'role'>(bindingIndexers),
  clusterRoles: reading<ClusterRole, 'reaching'>(roleIndexers),
  clusterRoleBindings: reading<ClusterRoleBinding, 'subject' | 'role'>(bindingIndexers),
});

const RBAC = 'rbac.authorization.k8s.io';
const stored = (name: string, namespace?: string) => ({
  name,
  uid: name,
  resourceVersion: '',
  creationTimestamp: '',
  ...(namespace !== undefined && { namespace }),
});
const clusterRole = (name: string, ...rules: PolicyRule[]): ClusterRole => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: stored(name),
  rules,
});
const binding = (name: string, role: string, subject: Subject) => ({
  apiVersion: `${RBAC}/v1`,
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
  subjects: [subject],
  metadata: stored(name),
});
const clusterRoleBinding = (name: string, role: string, subject: Subject): ClusterRoleBinding => ({
  ...binding(name, role, subject),
  kind: 'ClusterRoleBinding',
});
const roleBinding = (name: string, role: string, subject: Subject, namespace = NAMESPACE): RoleBinding => ({
  ...binding(name, role, subject),
  kind: 'RoleBinding',
  metadata: stored(name, namespace),
});
const group = (name: string): Subject => ({ kind: 'Group', name });
const ITSELF: Subject = { kind: 'ServiceAccount', namespace: NAMESPACE, name: GRANT_ACCOUNT };

const SECRETS = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
const IMPERSONATE = { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] };

const { grant } = factsWhileActive();
let cluster: ReturnType<typeof aCluster>;
let access: BoundAccess;

beforeEach(() => {
  vi.useFakeTimers();
  cluster = aCluster();
  access = createBoundAccess(cluster);
  cluster.grants.put(grant);
  for (const object of everythingIssuedFor(grant)) {
    if (object.kind === 'ServiceAccount') cluster.serviceAccounts.put(object);
    else if (object.kind === 'Role') cluster.roles.put(object);
    else cluster.roleBindings.put(object);
  }
  cluster.clusterRoles.put(clusterRole('reads-secrets', SECRETS));
  cluster.clusterRoles.put(clusterRole('edit', IMPERSONATE));
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a grant’s account holds besides', () => {
  test('nothing, where nothing is bound but what was issued for it', () => {
    expect(access.of(grant)).toMatchObject({
      ambient: { level: 'None', givers: [], actors: [] },
      byHand: [],
    });
  });

  test.each(['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`])(
    'what is bound to %s, everywhere or in any namespace',
    (name) => {
      cluster.clusterRoleBindings.put(clusterRoleBinding('all', 'reads-secrets', group(name)));
      cluster.roleBindingsOfOthers.put(roleBinding('some', 'reads-secrets', group(name), 'other'));
      expect(access.of(grant).ambient).toMatchObject({
        level: 'Critical',
        givers: ['ClusterRoleBinding all', 'RoleBinding other/some'],
      });
    },
  );

  test('not what the accounts of another namespace hold', () => {
    cluster.clusterRoleBindings.put(
      clusterRoleBinding('all', 'reads-secrets', group('system:serviceaccounts:other')),
    );
    expect(access.of(grant).ambient.level).toBe('None');
  });

  test('what names it', () => {
    cluster.clusterRoleBindings.put(clusterRoleBinding('mine', 'reads-secrets', ITSELF));
    expect(access.of(grant).byHand.map(({ by }) => by)).toEqual(['ClusterRoleBinding mine']);
  });

  test('what names it with the product’s labels, in its own place of another namespace or in another grant’s', () => {
    const [own] = everythingIssuedFor(grant).filter(({ kind }) => kind === 'RoleBinding');
    if (own?.kind !== 'RoleBinding') throw new Error('a binding is issued');
    const elsewhere = { ...own.metadata, namespace: 'elsewhere' };
    cluster.roleBindings.put({ ...own, metadata: elsewhere });
    const labels = { ...own.metadata.labels, 'taskgrant.dev/grant': 'other' };
    const name = `taskgrant:${NAMESPACE}:other`;
    cluster.roleBindings.put({ ...own, metadata: { ...elsewhere, name, labels } });
    expect(access.of(grant).byHand.map(({ by }) => by)).toEqual([
      `RoleBinding elsewhere/${name}`,
      `RoleBinding elsewhere/${own.metadata.name}`,
    ]);
  });
});

test('what is bound in its namespace to all accounts there is told with when that was, and what is elsewhere is not', () => {
  const all = group(`system:serviceaccounts:${NAMESPACE}`);
  const here = roleBinding('all', 'edit', all);
  const creationTimestamp = '2026-11-23T09:00:00Z';
  cluster.roleBindingsOfOthers.put({ ...here, metadata: { ...here.metadata, creationTimestamp } });
  cluster.roleBindingsOfOthers.put(roleBinding('all', 'edit', all, 'other'));
  cluster.roleBindingsOfOthers.put({
    ...roleBinding('both', 'edit', all, 'other'),
    subjects: [all, group('system:serviceaccounts:other')],
  });
  cluster.clusterRoleBindings.put(clusterRoleBinding('all', 'edit', all));
  expect(access.of(grant).toItsNamespace).toEqual([
    { by: `RoleBinding ${NAMESPACE}/all`, since: creationTimestamp },
  ]);
});

test('what a paused process has bound since the grant was suspended is not by hand: it is the grant’s, and removed', () => {
  const suspended = {
    ...grant,
    status: {
      ...grant.status,
      phase: 'Suspended' as const,
      inventory: grant.status?.inventory?.filter(({ kind }) => kind === 'ServiceAccount') ?? [],
    },
  };
  expect(access.of(suspended).byHand).toEqual([]);
  const earlier = { ...suspended, metadata: { ...grant.metadata, uid: 'another' } };
  expect(access.of(earlier).byHand).toHaveLength(2);
});

test('who is bound, in the namespace or everywhere, to a role that acts as accounts may act as it', () => {
  cluster.roleBindingsOfOthers.put(roleBinding('devs', 'edit', group('devs')));
  cluster.roleBindingsOfOthers.put(roleBinding('devs', 'edit', group('others'), 'other'));
  cluster.roleBindingsOfOthers.put(roleBinding('readers', 'reads-secrets', group('readers')));
  cluster.clusterRoleBindings.put(clusterRoleBinding('ops', 'edit', group('ops')));
  expect(access.of(grant).ambient.actors).toEqual([
    { by: 'ClusterRoleBinding ops', subjects: ['Group ops'] },
    { by: `RoleBinding ${NAMESPACE}/devs`, subjects: ['Group devs'] },
  ]);
});

/** One whose rules say how often they were read. */
function countingRole(name: string) {
  let reads = 0;
  const rule = {
    apiGroups: [''],
    resources: ['services'],
    get verbs() {
      reads++;
      return ['get'];
    },
  };
  return { role: clusterRole(name, rule), reads: () => reads };
}

test('a role that is bound a thousand times is rated as often as one that is bound once', () => {
  const readsFor = (bindings: number) => {
    const { role, reads } = countingRole(`bound-${bindings}`);
    cluster.clusterRoles.put(role);
    const before = reads();
    for (let index = 0; index < bindings; index++)
      cluster.roleBindingsOfOthers.put(
        roleBinding(`of-${bindings}-${index}`, `bound-${bindings}`, group('system:serviceaccounts'), 'evil'),
      );
    createBoundAccess(cluster).of(grant);
    return reads() - before;
  };
  const once = readsFor(1);
  expect(once).toBeGreaterThan(0);
  expect(readsFor(1000)).toBe(once);
});

test('of thousands who may act as it as many are kept as are told of', () => {
  for (let index = 0; index < 1000; index++)
    cluster.roleBindingsOfOthers.put(roleBinding(`b-${index}`, 'edit', group(`devs-${index}`)));
  expect(access.of(grant).ambient.actors).toHaveLength(64);
});

test('nor does it matter how many bindings name the same', () => {
  for (let index = 0; index < 1000; index++)
    cluster.roleBindingsOfOthers.put(roleBinding(`b-${index}`, 'edit', group('devs')));
  cluster.roleBindingsOfOthers.put(roleBinding('others', 'edit', group('others')));
  expect(access.of(grant).ambient.actors).toEqual([
    { by: `RoleBinding ${NAMESPACE}/b-0`, subjects: ['Group devs'] },
    { by: `RoleBinding ${NAMESPACE}/others`, subjects: ['Group others'] },
  ]);
});

test('of those who may act as some accounts the first are told apart, and the others count as if they might act as all', () => {
  const resourceNames = [GRANT_ACCOUNT];
  cluster.clusterRoles.put(
    clusterRole('some', {
      apiGroups: [''],
      resources: ['serviceaccounts'],
      resourceNames,
      verbs: ['impersonate'],
    }),
  );
  for (let index = 0; index < 1000; index++)
    cluster.roleBindingsOfOthers.put(roleBinding(`b-${index}`, 'some', group(`devs-${index}`)));
  const { actors } = access.of(grant).ambient;
  expect(actors.filter(({ names }) => names)).toHaveLength(64);
  expect(actors.filter(({ names }) => !names)).toHaveLength(64);
});

describe('when RBAC changes', () => {
  let rerated: string[];
  let urgent: string[];
  beforeEach(() => {
    rerated = [];
    urgent = [];
    const told = (what: string, priority: number) => (priority > 0 ? urgent : rerated).push(what);
    access.watch({ namespace: told, grant: told });
    access.of(grant);
  });
  const settle = () => vi.advanceTimersByTime(1000);

  test('grants of a namespace are rated anew where something is different for them, once for many changes', () => {
    cluster.clusterRoleBindings.put(
      clusterRoleBinding('all', 'reads-secrets', group('system:serviceaccounts')),
    );
    cluster.clusterRoleBindings.put(clusterRoleBinding('ops', 'edit', group('ops')));
    settle();
    expect(rerated).toEqual([NAMESPACE]);
    expect(access.of(grant).ambient.level).toBe('Critical');
  });

  test('nobody is where nothing is', () => {
    cluster.clusterRoles.put(clusterRole('view', { ...SECRETS, resources: ['services'] }));
    cluster.clusterRoleBindings.put(clusterRoleBinding('readers', 'reads-secrets', group('readers')));
    settle();
    expect(rerated).toEqual([]);
  });

  test('a change that makes no difference has none overlooked that does later', () => {
    cluster.clusterRoles.put(clusterRole('view', { ...SECRETS, resources: ['services'] }));
    settle();
    cluster.clusterRoleBindings.put(
      clusterRoleBinding('all', 'reads-secrets', group('system:serviceaccounts')),
    );
    settle();
    expect(rerated).toEqual([NAMESPACE]);
  });

  test('a namespace in which no grant is left is looked at no more', () => {
    cluster.grants.remove(`${NAMESPACE}/${GRANT_NAME}`);
    cluster.clusterRoleBindings.put(
      clusterRoleBinding('all', 'reads-secrets', group('system:serviceaccounts')),
    );
    settle();
    expect(rerated).toEqual([]);
  });

  test('what has not changed is not rated again, be it bound everywhere or in the namespace', () => {
    const { role, reads } = countingRole('counted');
    cluster.clusterRoles.put(role);
    cluster.clusterRoleBindings.put(clusterRoleBinding('all', 'counted', group('system:serviceaccounts')));
    cluster.roleBindingsOfOthers.put(
      roleBinding('here', 'counted', group(`system:serviceaccounts:${NAMESPACE}`)),
    );
    settle();
    access.of(grant);
    const before = reads();
    cluster.clusterRoleBindings.put(clusterRoleBinding('ops', 'edit', group('ops')));
    settle();
    expect(access.of(grant).ambient.actors).toHaveLength(1);
    expect(reads()).toBe(before);
  });

  test('the role counts as the binding does', () => {
    cluster.clusterRoleBindings.put(clusterRoleBinding('all', 'later', group('system:serviceaccounts')));
    settle();
    access.of(grant);
    cluster.clusterRoles.put(clusterRole('later', SECRETS));
    settle();
    expect(rerated).toEqual([NAMESPACE]);
  });

  test('a grant is rated anew when its account is named, when that role changes, and when it is named no more', () => {
    const key = `${NAMESPACE}/${GRANT_NAME}`;
    cluster.roleBindingsOfOthers.put(roleBinding('mine', 'later', ITSELF));
    settle();
    expect(rerated.splice(0)).toEqual([key]);
    access.of(grant);
    cluster.clusterRoles.put(clusterRole('later', SECRETS));
    settle();
    expect(rerated.splice(0)).toEqual([key]);
    expect(access.of(grant).byHand).toMatchObject([{ by: `RoleBinding ${NAMESPACE}/mine` }]);
    cluster.roleBindingsOfOthers.remove(`${NAMESPACE}/mine`);
    settle();
    expect(rerated.splice(0)).toEqual([key]);
    expect(access.of(grant).byHand).toEqual([]);
  });

  test('a grant is looked at at once when its account is named, and not when it is named no more', () => {
    const key = `${NAMESPACE}/${GRANT_NAME}`;
    cluster.clusterRoleBindings.put(clusterRoleBinding('mine', 'later', ITSELF));
    const user = { kind: 'User', name: `system:serviceaccount:${NAMESPACE}:${GRANT_ACCOUNT}` };
    cluster.roleBindingsOfOthers.put(roleBinding('mine', 'later', user, 'other'));
    expect(urgent.splice(0)).toEqual([key, key]);
    cluster.clusterRoleBindings.remove('mine');
    expect(urgent).toEqual([]);
  });

  test('the grants of a namespace are when something is bound there to all its accounts, and not when it is elsewhere', () => {
    const all = group(`system:serviceaccounts:${NAMESPACE}`);
    cluster.clusterRoleBindings.put(clusterRoleBinding('all', 'later', all));
    cluster.roleBindingsOfOthers.put(roleBinding('all', 'later', all, 'other'));
    cluster.roleBindingsOfOthers.put(roleBinding('wide', 'later', group('system:serviceaccounts')));
    expect(urgent).toEqual([]);
    cluster.roleBindingsOfOthers.put(roleBinding('all', 'later', all));
    expect(urgent).toEqual([NAMESPACE]);
  });

  test('nothing is looked at at once where a binding is written anew that was there, unless it is another one', () => {
    const key = `${NAMESPACE}/${GRANT_NAME}`;
    const all = group(`system:serviceaccounts:${NAMESPACE}`);
    const both = { ...roleBinding('all', 'later', all), subjects: [all, ITSELF] };
    cluster.roleBindingsOfOthers.put(both);
    expect(urgent.splice(0)).toEqual([key, NAMESPACE]);
    cluster.roleBindingsOfOthers.put({
      ...both,
      metadata: { ...both.metadata, labels: { touched: 'again' } },
    });
    expect(urgent).toEqual([]);
    cluster.roleBindingsOfOthers.put({ ...both, metadata: { ...both.metadata, uid: 'another' } });
    expect(urgent).toEqual([key, NAMESPACE]);
  });

  test('what is issued for grants changes nothing for others', () => {
    const [own] = everythingIssuedFor(grant).filter(({ kind }) => kind === 'RoleBinding');
    if (own?.kind !== 'RoleBinding') throw new Error('a binding is issued');
    cluster.roleBindings.put(own);
    expect(vi.getTimerCount()).toBe(0);
  });
});
