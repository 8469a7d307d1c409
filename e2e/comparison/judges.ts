/** What Kubernetes has itself to keep pods from identity, to be tried with the same escapes as the product. */
import { randomBytes } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { Pod, PodSpec } from '../../src/api/kubernetes.ts';
import { podOf } from '../../src/core/identity/workload.ts';
import type { Client } from '../../src/kube/client.ts';
import { pods, resource } from '../../src/kube/resources.ts';
import type { Escape } from '../escapes/catalogue.ts';
import type { Enforcer } from '../escapes/enforcer.ts';
import type { WrittenObject } from '../escapes/object-text.ts';
import { accountNamed } from '../escapes/world.ts';
import type { Outcome } from '../grant/testbed.ts';
import { podPolicy } from '../policy/pod-policy.ts';

export interface Judge extends Enforcer {
  /** Removes what outlives its namespace. */
  remove(client: Client): Promise<void>;
}

const ADMISSION = 'admissionregistration.k8s.io/v1';
const policies = resource<ReturnType<typeof podPolicy>['policy']>(
  ADMISSION,
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
  'Cluster',
);
const bindings = resource<ReturnType<typeof podPolicy>['binding']>(
  ADMISSION,
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
  'Cluster',
);

/** One policy in CEL for the one kind of task that the world's grant `task` is for: as narrow as it can be made. */
export function validatingAdmissionPolicy(): Judge {
  const name = `escapes-${randomBytes(4).toString('hex')}`;
  const said = `ValidatingAdmissionPolicy '${name}'`;
  const namespaceLabels = { 'taskgrant.dev/judged-by': name };
  return {
    name: 'ValidatingAdmissionPolicy',
    namespaceLabels,
    async ready(client, { namespace, name: account }) {
      const { policy, binding } = podPolicy(name, namespaceLabels, {
        account,
        images: ['localhost/taskgrant-task:1', 'localhost/pause:1'],
        requireDigest: false,
        secrets: [],
        audiences: ['', 'https://tools.example'],
        tokenSeconds: 600,
      });
      await client.create(policies, policy);
      await client.create(bindings, binding);
      await accountNamed(client, namespace, account);
      await untilRefused(client, escapingPod(namespace, account), said);
      return account;
    },
    writtenOut,
    lacks: refusalBy(said),
    async remove(client) {
      await client.remove(bindings, { name });
      await client.remove(policies, { name });
    },
  };
}

/** The API server looks once a second for policies that are new: until then everything is let through. */
async function untilRefused(client: Client, refused: Pod, words: string): Promise<void> {
  await vi.waitFor(
    async () => {
      await expect(client.create(pods, refused, { dryRun: true })).rejects.toThrow(words);
    },
    { timeout: 60_000, interval: 200 },
  );
}

/** With the host's process namespace, which no policy here allows. */
function escapingPod(namespace: string, account: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'refused' },
    spec: {
      serviceAccountName: account,
      hostPID: true,
      containers: [{ name: 'task', image: 'localhost/pause:1' }],
    },
  };
}

/** The Pod Security Standards' level for what must not escalate (k8s.io/pod-security-admission). */
export const podSecurity: Judge = {
  name: 'Pod Security, baseline',
  namespaceLabels: {
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  },
  ready: (client, { namespace, name }) => accountNamed(client, namespace, name),
  lacks: refusalBy('violates PodSecurity "baseline:latest"'),
  remove: () => Promise.resolve(),
};

/** @param words by which its refusals are known */
function refusalBy(words: string): (outcome: Outcome, escape: Escape) => string | undefined {
  return ({ code, stdout, stderr }, { slug }) => {
    if (code === 0) return `a refusal: ${stdout}`;
    return stderr.includes(words) ? undefined : `a refusal of ${slug} by ${words}: ${stderr}`;
  };
}

const TOKEN_PLACE = '/var/run/secrets/kubernetes.io/serviceaccount';

/** By which a kubelet says that it runs the pod whatever the API server thinks (core/v1, MirrorPodAnnotationKey). */
const MIRROR = 'kubernetes.io/config.mirror';

/**
 * With the account, without the token of a year, and with one of ten minutes in its place, as far as the author says nothing else.
 * Mirror pods can have none of it.
 */
function writtenOut(object: WrittenObject, account: string): WrittenObject {
  const written = structuredClone(object);
  const { metadata, spec } = podOf(written)?.pod ?? {};
  if (!spec || metadata?.annotations?.[MIRROR] !== undefined) return object;
  if (!spec.serviceAccountName && !spec.serviceAccount) spec.serviceAccountName = account;
  if (spec.automountServiceAccountToken !== undefined) return written;
  spec.automountServiceAccountToken = false;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) mountToken(container);
  const source = { serviceAccountToken: { path: 'token', expirationSeconds: 600 } };
  spec.volumes = [...(spec.volumes ?? []), { name: 'api-token', projected: { sources: [source] } }];
  return written;
}

function mountToken(container: PodSpec['containers'][number]): void {
  const mounts = container.volumeMounts ?? [];
  if (mounts.some(({ mountPath }) => mountPath === TOKEN_PLACE)) return;
  container.volumeMounts = [...mounts, { name: 'api-token', mountPath: TOKEN_PLACE, readOnly: true }];
}
