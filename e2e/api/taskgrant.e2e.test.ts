/** What the CRDs hold by themselves, in the API server, with no process of ours running. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant, TaskGrantStatus } from '../../src/api/taskgrant.ts';
import { serviceAccountNameFor } from '../../src/core/names.ts';
import { installCrds } from '../../src/controller/install-crds.ts';
import { namespaces, taskGrants } from '../../src/kube/resources.ts';
import { aGrantManifest, apply, kubectl } from '../grant/testbed.ts';
import { clusterKubeConfig, createTestNamespace, testClient } from '../kube/testbed.ts';

const client = testClient(clusterKubeConfig());
let namespace: string;
let next = 0;

beforeAll(async () => {
  await installCrds(client, () => undefined, AbortSignal.timeout(60_000));
  namespace = await createTestNamespace(client);
  // Both are served, and found by kubectl, a while after they are stored.
  await vi.waitFor(
    async () => {
      const { code, stderr } = await kubectl([
        '--namespace',
        namespace,
        'get',
        'taskgrants,taskgrantclasses',
      ]);
      expect(code, stderr).toBe(0);
    },
    { timeout: 60_000, interval: 500 },
  );
});

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  await client.close();
});

async function aStoredGrant(spec: Partial<TaskGrant['spec']> = {}): Promise<Stored<TaskGrant>> {
  return await client.create(taskGrants, aGrantManifest(namespace, `grant-${next++}`, spec) as TaskGrant);
}

function patchSpec({ metadata }: Stored<TaskGrant>, spec: object) {
  return client.patch(taskGrants, { namespace, name: metadata.name }, { type: 'merge', body: { spec } });
}

function writeStatus(grant: Stored<TaskGrant>, status: TaskGrantStatus) {
  return client.replace(taskGrants, { ...grant, status }, { subresource: 'status' });
}

describe('a TaskGrant, once created', () => {
  test('has the defaults that the reference names', async () => {
    const { spec } = await aStoredGrant();
    expect(spec).toMatchObject({
      workload: { maxPods: 1, allowExec: false },
      completion: { succeeded: 1, podsRunning: 'Terminate' },
      onDrift: 'Revoke',
      ttlAfterFinished: '24h',
      suspend: false,
      revoke: false,
    });
    expect(spec.envelope.tokens).toEqual([{ name: 'api', expirationSeconds: 600 }]);
  });

  test.each([
    ['task', { task: { intent: 'something else' } }],
    ['task', { task: { reference: 'added later' } }],
    ['workload', { workload: { maxPods: 9 } }],
    ['envelope', { envelope: { secrets: ['password'] } }],
    ['envelope', { envelope: { kubernetes: null } }],
    ['completion', { completion: { succeeded: 2 } }],
    ['onDrift', { onDrift: 'Suspend' }],
    ['className', { className: 'added-later' }],
    ['notBefore', { notBefore: '2026-11-23T09:00:00Z' }],
    ['requestedBy', { requestedBy: { username: 'somebody-else' } }],
    ['ttlAfterFinished', { ttlAfterFinished: '1h' }],
    ['parentRef', { parentRef: { name: 'parent' } }],
    ['delegation', { delegation: { maxChildren: 1 } }],
    ['conditions', { conditions: [{ name: 'always', expression: 'true' }] }],
    ['limits', { limits: { writes: 1 } }],
  ])('keeps its %s', async (field, change) => {
    const grant = await aStoredGrant();
    await expect(patchSpec(grant, change)).rejects.toThrow(
      new RegExp(`spec\\.${field} cannot be (changed|added or removed): one grant is one decision`),
    );
  });

  test('may be made shorter, and never longer', async () => {
    const grant = await aStoredGrant();
    const shorter = await patchSpec(grant, { duration: '5m' });
    expect(shorter.spec.duration).toBe('5m');
    await expect(patchSpec(grant, { duration: '5m1s' })).rejects.toThrow('may only shrink');
  });

  test('may be revoked, and never brought back', async () => {
    const grant = await aStoredGrant();
    await patchSpec(grant, { revoke: true });
    await expect(patchSpec(grant, { revoke: false })).rejects.toThrow('a revoked grant stays revoked');
  });

  test('may be suspended and resumed', async () => {
    const grant = await aStoredGrant();
    await patchSpec(grant, { suspend: true });
    expect((await patchSpec(grant, { suspend: false })).spec.suspend).toBe(false);
  });

  test('is approved once', async () => {
    const grant = await aStoredGrant();
    await patchSpec(grant, { approval: { decision: 'Approved' } });
    await expect(patchSpec(grant, { approval: { decision: 'Denied' } })).rejects.toThrow('said once');
    await expect(patchSpec(grant, { approval: null })).rejects.toThrow('said once');
  });
});

describe('the status of a TaskGrant', () => {
  test('stays finished', async () => {
    const finished = await writeStatus(await aStoredGrant(), { phase: 'Completed' });
    await expect(writeStatus(finished, { phase: 'Active' })).rejects.toThrow(
      'a finished grant stays finished',
    );
    await expect(writeStatus(finished, {})).rejects.toThrow('a phase is never forgotten');
  });

  test('never leads back from a revocation', async () => {
    const revoking = await writeStatus(await aStoredGrant(), { phase: 'Revoking' });
    await expect(writeStatus(revoking, { phase: 'Active' })).rejects.toThrow('never taken back');
    expect((await writeStatus(revoking, { phase: 'Expired' })).status?.phase).toBe('Expired');
  });

  test('leads from Active to Suspended and back, and from neither to what comes before', async () => {
    const pending = await writeStatus(await aStoredGrant(), { phase: 'Pending' });
    await expect(writeStatus(pending, { phase: 'Suspended' })).rejects.toThrow('only a grant that is active');
    const active = await writeStatus(pending, { phase: 'Active' });
    const suspended = await writeStatus(active, { phase: 'Suspended' });
    await expect(writeStatus(suspended, { phase: 'Pending' })).rejects.toThrow(
      'never waits to become so again',
    );
    const again = await writeStatus(suspended, { phase: 'Active' });
    await expect(writeStatus(again, { phase: 'Pending' })).rejects.toThrow('never waits to become so again');
    expect((await writeStatus(again, { phase: 'Revoking' })).status?.phase).toBe('Revoking');
  });

  const account = ({ metadata }: Stored<TaskGrant>, suffix = 'bcdfghjk') =>
    serviceAccountNameFor(metadata.name, suffix);

  test('can have the name of an account taken out of it while the grant has not been active', async () => {
    const stored = await aStoredGrant();
    const pending = await writeStatus(stored, { phase: 'Pending', serviceAccountName: account(stored) });
    const without = await writeStatus(pending, { phase: 'Pending' });
    expect(without.status).toEqual({ phase: 'Pending' });
    const another = { phase: 'Pending' as const, serviceAccountName: account(stored, 'xxxxxxxx') };
    expect((await writeStatus(without, another)).status).toEqual(another);
  });

  test('names one service account and one activation', async () => {
    const stored = await aStoredGrant();
    const active = await writeStatus(stored, {
      phase: 'Active',
      serviceAccountName: account(stored),
      activatedAt: '2026-11-23T09:00:00.000Z',
    });
    const other = { ...active.status, serviceAccountName: account(stored, 'xxxxxxxx') };
    await expect(writeStatus(active, other)).rejects.toThrow('one service account in its life');
    const again = { ...active.status, activatedAt: '2026-11-23T10:00:00.000Z' };
    await expect(writeStatus(active, again)).rejects.toThrow('activated once');
  });

  test('names no account that is not made for this grant', async () => {
    const stored = await aStoredGrant();
    const others = ['deployer', 'default', account(stored, 'b-bcdfghjk'), account(stored, 'aaaaaaaa')];
    for (const serviceAccountName of [...others, serviceAccountNameFor('other', 'bcdfghjk')])
      await expect(writeStatus(stored, { phase: 'Pending', serviceAccountName })).rejects.toThrow(
        'status.serviceAccountName must be taskgrant-<name of the grant>-<8 random characters>',
      );
  });
});

describe('bad input is refused by kubectl apply with what is wrong', () => {
  test.each([
    ['a name that is too long', { name: 'a'.repeat(45) }, {}, 'metadata.name must be at most 44 characters'],
    [
      'no image',
      {},
      { workload: { images: [] } },
      'spec.workload.images in body should have at least 1 items',
    ],
    ['a duration that is none', {}, { duration: 'a while' }, 'such as 1h30m, 15m or 45s; a day is 24h'],
    ['a duration in days', {}, { duration: '1d' }, 'such as 1h30m, 15m or 45s; a day is 24h'],
    ['a duration of nothing', {}, { duration: '0s' }, 'must be longer than nothing'],
    ['the lifetime that is extended to a year', {}, token({ expirationSeconds: 3607 }), 'extends to a year'],
    ['a lifetime that is too short', {}, token({ expirationSeconds: 60 }), 'greater than or equal to 600'],
    [
      'one audience twice',
      {},
      {
        envelope: {
          tokens: [
            { name: 'a', audience: 'x' },
            { name: 'b', audience: 'x' },
          ],
        },
      },
      'each audience may be named once',
    ],
    [
      'two tokens without an audience',
      {},
      { envelope: { tokens: [{ name: 'a' }, { name: 'b' }] } },
      'each audience may be named once',
    ],
    [
      'a phrase that is no verb list',
      {},
      { envelope: { kubernetes: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] } },
      'should have at least 1 items',
    ],
    ['a field that does not exist', {}, { envelop: {} }, 'unknown field "spec.envelop"'],
  ])('%s', async (_what, metadata, spec, message) => {
    const manifest = aGrantManifest(namespace, 'bad', spec as Partial<TaskGrant['spec']>);
    const { code, stderr } = await apply({ ...manifest, metadata: { ...manifest.metadata, ...metadata } });
    expect(stderr).toContain(message);
    // Of what is refused already, no rule says another time that it does not understand it.
    expect(stderr).not.toContain('evaluating rule');
    expect(code).toBe(1);
  });
});

function token(change: object) {
  return { envelope: { tokens: [{ name: 'api', ...change }] } };
}
