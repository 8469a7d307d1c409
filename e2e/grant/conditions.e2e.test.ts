/** The conditions of a grant: when it is created, when a pod is admitted under it, and for each of its tokens. */
import { afterAll, describe, expect, test } from 'vitest';
import type { Pod, Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrantSpec } from '../../src/api/taskgrant.ts';
import { pods, taskGrants } from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  AS_NODE as NODE,
  aGrantManifest,
  aPodManifest,
  apply,
  kubectl,
  refusals,
  testNamespaces,
  until,
  untilPhase,
  type Outcome,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const ownNamespaces = testNamespaces(client);

afterAll(async () => {
  await ownNamespaces.removeAll();
  await client.close();
});

function oneCondition(expression: string, message?: string): Partial<TaskGrantSpec> {
  return { conditions: [{ name: 'one', expression, ...(message !== undefined && { message }) }] };
}

function label(namespace: string, pair: string): Promise<Outcome> {
  return kubectl(['label', '--overwrite', 'namespace', namespace, pair]);
}

describe('a condition', () => {
  test('that does not compile is refused with its place, and one that does not hold with its message', async () => {
    const namespace = await ownNamespaces.create();
    const faulty = await apply(
      aGrantManifest(namespace, 'faulty', oneCondition('request.time.getHours() < "9"')),
    );
    expect(refusals(faulty)).toEqual(['ExpressionInvalid spec.conditions[0].expression']);
    expect(faulty.stderr).toContain('no such overload: int < string, at line 1, column 1');
    const never = oneCondition('request.time.getFullYear() < 2000', 'it is too late');
    const late = await apply(aGrantManifest(namespace, 'late', never));
    expect(refusals(late)).toEqual(['ConditionNotMet spec.conditions[0]']);
    expect(late.stderr).toContain('one (it is too late)');
  });

  test('about the namespace refuses a pod while it does not hold, and admits it as soon as it does', async () => {
    const namespace = await ownNamespaces.create();
    const condition = oneCondition(
      "request.action == 'grant' || namespaceObject.metadata.labels['stage'] == 'open'",
    );
    await apply(aGrantManifest(namespace, 'staged', condition));
    await untilPhase(client, { namespace, name: 'staged' }, 'Active');
    const pod = aPodManifest(namespace, 'staged', 'staged', 'true');
    const untold = await apply(pod);
    expect(refusals(untold)).toEqual(['ConditionNotMet metadata.labels[taskgrant.dev/grant]']);
    expect(untold.stderr).toContain('of which it cannot be told: no such key');
    await label(namespace, 'stage=closed');
    const refused = await apply(pod);
    expect(refusals(refused)).toEqual(['ConditionNotMet metadata.labels[taskgrant.dev/grant]']);
    expect(refused.stderr).not.toContain('cannot be told');
    // At once, though the webhook's cache may not have heard of the label.
    await label(namespace, 'stage=open');
    expect(await apply(pod)).toMatchObject({ stderr: '', code: 0 });
  });

  test('about the pod sees it as it would be stored', async () => {
    const namespace = await ownNamespaces.create();
    const condition = oneCondition(
      '!has(request.pod) || (has(request.pod.spec.activeDeadlineSeconds) && request.pod.spec.containers.size() == 1)',
    );
    await apply(aGrantManifest(namespace, 'seen', condition));
    await untilPhase(client, { namespace, name: 'seen' }, 'Active');
    const pod = aPodManifest(namespace, 'seen', 'seen', 'true');
    const [container] = pod.spec.containers;
    const twice = {
      ...pod,
      spec: { ...pod.spec, containers: [container, { ...container, name: 'second' }] },
    };
    expect(refusals(await apply(twice))).toEqual(['ConditionNotMet metadata.labels[taskgrant.dev/grant]']);
    // The deadline is filled in.
    expect(await apply(pod)).toMatchObject({ stderr: '', code: 0 });
  });

  test('about tokens refuses one and lets another be minted, and ends nothing that there is', async () => {
    const namespace = await ownNamespaces.create();
    const condition = oneCondition(
      "!has(request.token) || namespaceObject.metadata.labels['stage'] != 'closed' || 'https://tools.example' in request.token.audiences",
    );
    await label(namespace, 'stage=open');
    await apply(
      aGrantManifest(namespace, 'minted', {
        ...condition,
        envelope: {
          tokens: [
            { name: 'api', expirationSeconds: 600 },
            { name: 'tools', audience: 'https://tools.example', expirationSeconds: 600 },
          ],
        },
      }),
    );
    const place = { namespace, name: 'minted' };
    await untilPhase(client, place, 'Active');
    await apply(aPodManifest(namespace, 'minted', 'minted', 'while true; do sleep 1; done'));
    const pod = await until(client, pods, place, 'running', (found) => found?.status?.phase === 'Running');
    if (!pod) throw new Error('a pod that is running exists');
    const { status } = await client.get(taskGrants, place);
    const account = status?.serviceAccountName ?? '';
    expect(await mint(pod, account, 'https://tools.example')).toMatchObject({ code: 0 });
    expect(await mint(pod, account)).toMatchObject({ code: 0 });

    await label(namespace, 'stage=closed');
    expect(await mint(pod, account, 'https://tools.example')).toMatchObject({ code: 0 });
    const refused = await mint(pod, account);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('ConditionNotMet metadata.name: asked mint');
    expect((await client.get(taskGrants, place)).status?.phase).toBe('Active');
    expect((await client.get(pods, place)).status?.phase).toBe('Running');
  });
});

/** Asks for a token as the kubelet does: of the API server's own audience, where no other is named. */
function mint({ metadata }: Stored<Pod>, account: string, ...audiences: string[]): Promise<Outcome> {
  const { namespace = '', name, uid } = metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
  const spec = { audiences, expirationSeconds: 600, boundObjectRef };
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  return kubectl(['create', '--raw', path, '--filename', '-', ...NODE], JSON.stringify(request));
}
