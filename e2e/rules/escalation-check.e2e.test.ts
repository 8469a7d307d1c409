/**
 * The rule algebra against the API server's own escalation check: people who hold random rights try to write random Roles, and what
 * stands in the way of each is compared, right by right, with what the algebra says is left.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PolicyRule } from '../../src/api/kubernetes.ts';
import { covers, subtract } from '../../src/core/rules/algebra.ts';
import { renderRight, rightsIn, type ScopedRule } from '../../src/core/rules/right.ts';
import { isForbidden } from '../../src/kube/api-error.ts';
import type { Client } from '../../src/kube/client.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  roles,
  subjectAccessReviews,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, createTestNamespace, testClient } from '../kube/testbed.ts';

const HOLDERS = 60;
const ROLES_EACH = 60;
const AT_A_TIME = 16;
/** Thousands of requests. */
const PATIENCE_MS = 900_000;

const RBAC = 'rbac.authorization.k8s.io';
const API_VERSION = `${RBAC}/v1`;
/** Of everything that the tests make in the cluster as a whole. */
const PREFIX = `escalation-${randomBytes(4).toString('hex')}`;

/** Words few enough that what is asked is often held, and sometimes not. */
const oneOf = (words: readonly string[], maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength });
const resourceRule: fc.Arbitrary<PolicyRule> = fc.record(
  {
    apiGroups: oneOf(['', 'apps', 'example.com', '*'], 2),
    resources: oneOf(['pods', 'pods/exec', 'things', 'things/exec', '*/exec', 'pods/*', '*/*', '*'], 3),
    resourceNames: oneOf(['', 'a', 'b'], 2),
    verbs: oneOf(['get', 'create', 'sign', '*'], 2),
  },
  { requiredKeys: ['apiGroups', 'resources', 'verbs'] },
);
const urlRule: fc.Arbitrary<PolicyRule> = fc.record({
  nonResourceURLs: oneOf(['/a', '/a/b', '/ab', '/a*', '/a/*', '/a/**', '*'], 2),
  verbs: oneOf(['get', 'post', '*'], 2),
});
const inNamespace = (maxLength: number) => fc.array(resourceRule, { minLength: 1, maxLength });
const inCluster = (maxLength: number) =>
  fc.array(fc.oneof({ weight: 2, arbitrary: resourceRule }, urlRule), { minLength: 1, maxLength });

/** What somebody holds: everywhere by two ClusterRoles that are aggregated, and in one namespace by a Role. */
interface Holder {
  user: string;
  everywhere: readonly [PolicyRule[], PolicyRule[]];
  inBlue: PolicyRule[];
}

/** What somebody tries to write: a Role in a namespace, or a ClusterRole. */
interface Attempt {
  where: 'blue' | 'green' | 'cluster';
  rules: PolicyRule[];
}

const holder = fc.record({ everywhere: fc.tuple(inCluster(2), inCluster(2)), inBlue: inNamespace(2) });
const attempt: fc.Arbitrary<Attempt> = fc.oneof(
  fc.record({ where: fc.constantFrom('blue' as const, 'green' as const), rules: inNamespace(2) }),
  fc.record({ where: fc.constant('cluster' as const), rules: inCluster(2) }),
);

/** Said where a test fails: the same seed gives the same roles. */
const seed = randomBytes(4).readInt32BE();
const holders: Holder[] = fc
  .sample(holder, { numRuns: HOLDERS, seed })
  .map((held, index) => ({ user: `${PREFIX}-${index}`, ...held }));
const attempts = fc.sample(attempt, { numRuns: HOLDERS * ROLES_EACH, seed: seed + 1 });

let admin: Client;
const places = { blue: '', green: '' };

beforeAll(async () => {
  admin = testClient(clusterKubeConfig());
  [places.blue, places.green] = await Promise.all([createTestNamespace(admin), createTestNamespace(admin)]);
  await mayWriteRoles();
  await Promise.all(holders.map(give));
  await Promise.all(holders.map(isHeld));
}, PATIENCE_MS);

afterAll(async () => {
  const names = [PREFIX, ...holders.flatMap(({ user }) => [user, `${user}-0`, `${user}-1`])];
  await Promise.all(
    names.flatMap((name) => [
      admin.remove(clusterRoleBindings, { name }).catch(() => undefined),
      admin.remove(clusterRoles, { name }).catch(() => undefined),
    ]),
  );
  await Promise.all(Object.values(places).map((name) => admin.remove(namespaces, { name })));
  await admin.close();
}, PATIENCE_MS);

test(
  `what may not be given of ${HOLDERS * ROLES_EACH} random Roles is what the API server says`,
  async () => {
    const counts = { given: 0, refused: 0 };
    const waiting = attempts.map((one, index) => ({ one, by: holders[index % HOLDERS] as Holder }));
    await Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) {
          const { one, by } = next;
          const missing = await missingBy(by, one);
          const scope = one.where === 'cluster' ? {} : { namespaces: [places[one.where]] };
          const left = mayEscalate(by, one) ? [] : subtract(scoped(one.rules, scope), heldBy(by));
          expect(missing, `seed ${seed}: ${JSON.stringify({ held: by, asked: one })}`).toEqual(
            left.map(withoutNamespace).sort(),
          );
          counts[left.length === 0 ? 'given' : 'refused'] += 1;
        }
      }),
    );
    // Neither answer is the rule.
    expect(counts.given).toBeGreaterThan(HOLDERS * 2);
    expect(counts.refused).toBeGreaterThan(HOLDERS * 2);
    console.log(`${counts.given} Roles could be given, ${counts.refused} could not (seed ${seed})`);
  },
  PATIENCE_MS,
);

function scoped(rules: readonly PolicyRule[], scope: Pick<ScopedRule, 'namespaces'>): ScopedRule[] {
  return rules.map((rule) => ({ ...rule, ...scope }));
}

function heldBy({ everywhere, inBlue }: Holder): ScopedRule[] {
  return [...scoped(everywhere.flat(), {}), ...scoped(inBlue, { namespaces: [places.blue] })];
}

/**
 * Whoever has the verb `escalate` is not checked (kubernetes, pkg/registry/rbac, RoleEscalationAuthorized). It is asked for without a name, as
 * a Role that is created has none in its path yet.
 */
function mayEscalate(by: Holder, { where }: Attempt): boolean {
  const role =
    where === 'cluster' ? { resource: 'clusterroles' } : { resource: 'roles', namespace: places[where] };
  return covers(heldBy(by), { apiGroup: RBAC, name: '', verb: 'escalate', ...role });
}

/** What the API server says that they lack, right by right; nothing where they may write it. */
async function missingBy({ user }: Holder, { where, rules }: Attempt): Promise<string[]> {
  const asThem = admin.as({ username: user });
  const name = 'tried';
  try {
    if (where === 'cluster')
      await asThem.create(
        clusterRoles,
        { apiVersion: API_VERSION, kind: 'ClusterRole', metadata: { name: `${PREFIX}-tried` }, rules },
        { dryRun: true },
      );
    else
      await asThem.create(
        roles,
        { apiVersion: API_VERSION, kind: 'Role', metadata: { namespace: places[where], name }, rules },
        { dryRun: true },
      );
    return [];
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return rightsSaid(String(error));
  }
}

/**
 * The rules that the API server's message lists, one a line, each as Go prints it
 * (kubernetes, pkg/registry/rbac/escalation_check.go): `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`.
 */
function rightsSaid(message: string): string[] {
  if (!message.includes('attempting to grant RBAC permissions not currently held')) throw new Error(message);
  const rules = [...message.matchAll(/^\{(.+)\}(?: \(HTTP 403\))?$/gmu)].map(
    ([, fields = '']): ScopedRule => {
      const listed = (field: string): string[] | undefined => {
        const list = new RegExp(`\\b${field}:\\[([^\\]]*)\\]`, 'u').exec(fields)?.[1];
        return list === undefined
          ? undefined
          : [...list.matchAll(/"((?:[^"\\]|\\.)*)"/gu)].map(([, word = '']) => word);
      };
      const [apiGroups, resources, resourceNames] = ['APIGroups', 'Resources', 'ResourceNames'].map(listed);
      const nonResourceURLs = listed('NonResourceURLs');
      return {
        verbs: listed('Verbs') ?? [],
        ...(apiGroups && { apiGroups }),
        ...(resources && { resources }),
        ...(resourceNames && { resourceNames }),
        ...(nonResourceURLs && { nonResourceURLs }),
      };
    },
  );
  return rightsIn(rules).map(renderRight).sort();
}

/** As the API server says them, which names the namespace elsewhere. */
function withoutNamespace(right: ReturnType<typeof subtract>[number]): string {
  return renderRight({ ...right, namespace: undefined } as typeof right);
}

/** The right to write Roles is in a group that no random rule names. */
async function mayWriteRoles(): Promise<void> {
  await admin.create(clusterRoles, {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: { name: PREFIX },
    rules: [{ apiGroups: [RBAC], resources: ['roles', 'clusterroles'], verbs: ['create'] }],
  });
  await admin.create(clusterRoleBindings, {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name: PREFIX },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: PREFIX },
    subjects: holders.map(({ user }) => ({ apiGroup: RBAC, kind: 'User', name: user })),
  });
}

async function give({ user, everywhere, inBlue }: Holder): Promise<void> {
  const labels = { [`${PREFIX}.example.com/part-of`]: user };
  const subjects = [{ apiGroup: RBAC, kind: 'User', name: user }];
  for (const [index, rules] of everywhere.entries())
    await admin.create(clusterRoles, {
      apiVersion: API_VERSION,
      kind: 'ClusterRole',
      metadata: { name: `${user}-${index}`, labels },
      rules: [...rules, markerOf(user, index)],
    });
  await admin.create(clusterRoles, {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: { name: user },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
  });
  await admin.create(clusterRoleBindings, {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: user },
    subjects,
  });
  const namespace = places.blue;
  await admin.create(roles, {
    apiVersion: API_VERSION,
    kind: 'Role',
    metadata: { namespace, name: user },
    rules: [...inBlue, markerOf(user, 2)],
  });
  await admin.create(roleBindings, {
    apiVersion: API_VERSION,
    kind: 'RoleBinding',
    metadata: { namespace, name: user },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: user },
    subjects,
  });
}

/** In each role one right that nothing else gives: once it is there, the API server has seen the role. */
function markerOf(user: string, index: number): PolicyRule {
  return {
    apiGroups: ['marker.example'],
    resources: [`marks-${index}`],
    resourceNames: [user],
    verbs: ['mark'],
  };
}

async function isHeld({ user }: Holder): Promise<void> {
  for (const index of [0, 1, 2])
    await vi.waitFor(
      async () => {
        const { status } = await admin.create(subjectAccessReviews, {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          metadata: {},
          spec: {
            user,
            resourceAttributes: {
              namespace: places.blue,
              group: 'marker.example',
              resource: `marks-${index}`,
              name: user,
              verb: 'mark',
            },
          },
        });
        expect(status?.allowed).toBe(true);
      },
      { timeout: 60_000, interval: 200 },
    );
}
