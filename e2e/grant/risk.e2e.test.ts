/** That status.risk says what the identity of a grant can really do in this cluster, and that a class can refuse it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  taskGrants,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { aGrantManifest, apply, enforcedNamespace, kubectl, PATIENCE, until, untilPhase } from './testbed.ts';

const client = testClient(clusterKubeConfig());
const RBAC = 'rbac.authorization.k8s.io';
/** Of everything here that is the cluster's. */
const NAME = `risk-${randomBytes(4).toString('hex')}`;
/**
 * Every account of the cluster has it for a while, those of the files that run beside this one too: it is nothing that these are seen to be
 * denied, and raises no rating that they look at.
 */
const RATED_HIGH = {
  apiGroups: ['certificates.k8s.io'],
  resources: ['signers'],
  resourceNames: [`example.com/${NAME}`],
  verbs: ['approve'],
};
let namespace: string;

beforeAll(async () => {
  namespace = await enforcedNamespace(client);
  await client.create(clusterRoles, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: NAME },
    rules: [RATED_HIGH],
  });
});

afterAll(async () => {
  await client.remove(clusterRoleBindings, { name: NAME }).catch(() => undefined);
  await client.remove(clusterRoles, { name: NAME });
  await client.remove(namespaces, { name: namespace });
  await client.close();
});

const bindsIt = { apiGroup: RBAC, kind: 'ClusterRole', name: NAME };

async function anActiveGrant(name: string): Promise<Stored<TaskGrant>> {
  const { code, stderr } = await apply(aGrantManifest(namespace, name));
  expect(code, stderr).toBe(0);
  return untilPhase(client, { namespace, name }, 'Active');
}

type Finding = NonNullable<NonNullable<TaskGrant['status']>['risk']>['findings'][number];

/** Files that run beside this one bind something to every account as well, for a moment: it goes by. */
const untilRated = (
  name: string,
  level: string,
  isSo: (findings: readonly Finding[]) => boolean = () => true,
) =>
  until(
    client,
    taskGrants,
    { namespace, name },
    `rated ${level}`,
    (grant) => grant?.status?.risk?.level === level && isSo(grant.status.risk.findings),
  );

test('a grant to read one ConfigMap is Low, and kubectl get shows it', async () => {
  await anActiveGrant('narrow');
  await untilRated('narrow', 'Low', (findings) => findings.every(({ code }) => code !== 'AmbientRights'));
  await vi.waitFor(async () => {
    const { stdout } = await kubectl(['get', 'taskgrants', 'narrow', '--namespace', namespace]);
    expect(stdout).toMatch(/RISK.*\n.*\bLow\b/);
  }, PATIENCE);
});

test('a grant without rules is None: what a cluster binds to everybody by itself is nothing', async () => {
  const { stderr } = await apply(
    aGrantManifest(namespace, 'nothing', { envelope: { tokens: [{ name: 'api', expirationSeconds: 600 }] } }),
  );
  expect(stderr).toBe('');
  await untilPhase(client, { namespace, name: 'nothing' }, 'Active');
  await untilRated('nothing', 'None');
});

test('what is bound to every service account is found in grants that are active already, and goes with the binding', async () => {
  await anActiveGrant('ambient');
  await client.create(clusterRoleBindings, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: NAME },
    roleRef: bindsIt,
    subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'system:serviceaccounts' }],
  });
  const isFound = (findings: readonly Finding[]) =>
    findings.some(({ code }) => code === 'CertificatesApproved');
  const rated = await untilRated('ambient', 'High', isFound);
  expect(rated?.status?.risk?.findings).toEqual(
    expect.arrayContaining([
      {
        code: 'CertificatesApproved',
        message: `High: approves or signs certificates, by which somebody becomes whom they name (approve signers.certificates.k8s.io, by name); by ClusterRoleBinding ${NAME}`,
      },
    ]),
  );
  const events = ['get', 'events', '--namespace', namespace, '-o', 'json'];
  const raised = async () =>
    (
      JSON.parse((await kubectl(events)).stdout) as { items: { reason: string; message: string }[] }
    ).items.find(({ reason }) => reason === 'RiskRaised');
  await expect.poll(raised, { timeout: 30_000 }).toMatchObject({ reason: 'RiskRaised' });
  await client.remove(clusterRoleBindings, { name: NAME });
  await untilRated('ambient', 'Low');
});

test('who may act as the account is told, and raises nothing', async () => {
  await anActiveGrant('reached');
  await client.create(roleBindings, {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { namespace, name: 'editors' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: 'jane' }],
  });
  const isTold = (findings: readonly Finding[]) =>
    findings.some(
      ({ code, message }) =>
        code === 'OthersActAsIt' && message.includes(`User jane (RoleBinding ${namespace}/editors)`),
    );
  const grant = await untilRated('reached', 'Low', isTold);
  expect(JSON.stringify(grant?.status?.risk)).not.toContain('system:masters');
});
