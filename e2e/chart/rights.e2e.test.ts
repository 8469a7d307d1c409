/** What each account of the release may do, in the API server's own words, against the table of rights (scripts/rights). */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubernetesObject } from '../../src/api/kubernetes.ts';
import { normalise, ruleOf, subtract } from '../../src/core/rules/algebra.ts';
import type { ScopedRule } from '../../src/core/rules/right.ts';
import { serviceAccountUsername } from '../../src/kube/client.ts';
import { resource } from '../../src/kube/resources.ts';
import { HOLDERS, rulesIn } from '../../scripts/rights/holders.ts';
import type { Condition, Holder } from '../../scripts/rights/right.ts';
import { clusterKubeConfig, createTestNamespace, testClient } from '../kube/testbed.ts';
import {
  applyCrds,
  chart,
  createReleaseNamespace,
  hasConstrainedImpersonation,
  helm,
  installWithoutPods,
  kubectl,
  kubectlApply,
  kubectlDelete,
  namespace,
  probeNamespace,
  release,
} from './release.ts';

const admin = testClient(clusterKubeConfig());
const own = { name: release, namespace, probeNamespace };
/** Somebody who has every ClusterRole that the chart makes for people. */
const READER = 'reads-and-edits';
const MINUTES = 5 * 60_000;
let work: string;
let hooks: string;
let so: ReadonlySet<Condition>;

interface SelfSubjectRulesReview extends KubernetesObject {
  spec: { namespace: string };
  status?: { resourceRules: ScopedRule[] };
}
const selfSubjectRulesReviews = resource<SelfSubjectRulesReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectRulesReview',
  'selfsubjectrulesreviews',
  'Cluster',
);

beforeAll(async () => {
  await createReleaseNamespace();
  work = await createTestNamespace(admin);
  await applyCrds();
  await installWithoutPods();
  hooks = await rightsOfHooks();
  await kubectlApply(hooks);
  for (const name of HOLDERS.flatMap(({ clusterRoles = [] }) => clusterRoles))
    await kubectl(
      'create',
      'clusterrolebinding',
      `${READER}-${name}`,
      `--clusterrole=${name}`,
      `--user=${READER}`,
    );
  so = new Set<Condition>([
    ...([
      'crds.upgrade',
      'drainOnUninstall.enabled',
      'defaultClass.create',
      'defaultClass.usableByEditors',
      'own certificates',
    ] as const),
    (await hasConstrainedImpersonation(admin)) ? 'constrained impersonation' : 'plain impersonation',
  ]);
}, MINUTES);

afterAll(async () => {
  await helm('Helm 4', 'uninstall', release, '--namespace', namespace, '--no-hooks', '--wait');
  await kubectlDelete(hooks);
  await kubectl(
    ...(['delete', 'clusterrolebinding', '--ignore-not-found'] as const),
    ...HOLDERS.flatMap(({ clusterRoles = [] }) => clusterRoles.map((name) => `${READER}-${name}`)),
  );
  await kubectl('delete', 'namespace', namespace, work);
  await admin.close();
}, MINUTES);

test.each(HOLDERS.map((holder) => [holder.name, holder] as const))(
  '%s is allowed what the table of rights says, and nothing else',
  async (_, holder) => {
    for (const place of [work, namespace, probeNamespace]) {
      const expected = normalise(rulesIn(place, holder, own, so));
      // A ceiling is put together by the controller manager when it gets to it.
      await vi.waitFor(
        async () => {
          const everybodys = await allowed(strangerLike(holder), place);
          const rights = subtract(await allowed(userOf(holder), place), everybodys);
          expect(normalise(rights.map(ruleOf)), place).toEqual(expected);
        },
        { timeout: 60_000, interval: 500 },
      );
    }
  },
  MINUTES,
);

/** What RBAC gives the user in the namespace, by whichever binding. */
async function allowed(username: string, place: string): Promise<ScopedRule[]> {
  const { status } = await admin.as({ username }).create(selfSubjectRulesReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    metadata: {},
    spec: { namespace: place },
  });
  return status?.resourceRules ?? [];
}

function userOf({ account }: Holder): string {
  return account === undefined ? READER : serviceAccountUsername(namespace, `${release}-${account}`);
}

/** Of the same groups, and without a binding. */
function strangerLike({ account }: Holder): string {
  return account === undefined ? 'nobody-in-particular' : serviceAccountUsername(namespace, 'nobody');
}

/** The accounts and rights of hooks, which are there only while their Jobs run: without those. */
async function rightsOfHooks(): Promise<string> {
  const rendered = await helm(
    ...(['Helm 4', 'template', release, chart, '--namespace', namespace] as const),
    ...['--show-only', 'templates/hooks/crds.yaml', '--show-only', 'templates/hooks/drain.yaml'],
  );
  return parseAllDocuments(rendered)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null && object.kind !== 'Job')
    .map((object) => stringify(object))
    .join('---\n');
}
