/** What Helm makes of the chart and its values; nothing of it touches the cluster. */
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { HOLDERS, ruleOf, rulesOf } from '../../scripts/rights/holders.ts';
import type { Condition, Holder, Release } from '../../scripts/rights/right.ts';
import type { ConfigMap, KubernetesObject, PodSpec, RoleBinding } from '../../src/api/kubernetes.ts';
import { INSTALLED_KEY } from '../../src/controller/guard-watch.ts';
import { floorPolicies } from '../../src/core/floor/floor.ts';
import { guardsAmong } from '../../src/core/guards/guards.ts';
import { judgeGuards } from '../../src/core/guards/tampering.ts';
import { rulesOfClusterRole, type AggregatedRole } from '../../src/core/rules/aggregation.ts';
import { normalise, subtract } from '../../src/core/rules/algebra.ts';
import { renderRight, type ScopedRule } from '../../src/core/rules/right.ts';
import {
  chart,
  helm,
  helmVersions,
  namespace,
  probeNamespace,
  release,
  tryHelm,
  type HelmVersion,
} from './release.ts';

const ALL: readonly Condition[] = [
  ...(['crds.upgrade', 'drainOnUninstall.enabled', 'defaultClass.create'] as const),
  ...(['defaultClass.usableByEditors', 'constrained impersonation', 'own certificates'] as const),
];
const but = (...left: readonly Condition[]) => ALL.filter((condition) => !left.includes(condition));

interface Rendered {
  values?: string;
  kubernetes?: string;
  /** What of the table's conditions is so. */
  so: readonly Condition[];
  own: Release;
}

const own: Release = { name: release, namespace, probeNamespace };

const RELEASES: readonly (readonly [string, Rendered])[] = [
  ['as it comes', { so: ALL, own }],
  [
    'before constrained impersonation',
    { kubernetes: '1.35.0', so: [...but('constrained impersonation'), 'plain impersonation'], own },
  ],
  [
    'without hooks',
    {
      values: 'crds.upgrade=false,drainOnUninstall.enabled=false',
      so: but('crds.upgrade', 'drainOnUninstall.enabled'),
      own,
    },
  ],
  ['without a class', { values: 'defaultClass.create=false', so: but('defaultClass.create'), own }],
  [
    'without editors who may use it',
    { values: 'defaultClass.usableByEditors=false', so: but('defaultClass.usableByEditors'), own },
  ],
  [
    'with cert-manager',
    { values: 'certificates.certManager.enabled=true', so: but('own certificates'), own },
  ],
  [
    'under other names',
    {
      values: 'fullnameOverride=other,probeNamespace.name=elsewhere',
      so: ALL,
      own: { name: 'other', namespace, probeNamespace: 'elsewhere' },
    },
  ],
];

describe.each(helmVersions)('with %s', (version) => {
  test('helm lint finds nothing', async () => {
    const said = await helm(version, 'lint', '--strict', chart);
    expect(said).not.toMatch(/\[(WARNING|ERROR)\]/);
  });

  test('every object is in a namespace of the release or in none', async () => {
    const found = new Set((await render(version)).map(({ metadata }) => metadata.namespace));
    expect([...found].sort()).toEqual(['taskgrant-probe', namespace, undefined]);
  });

  test('no CA bundle and no Secret data is in the manifest, so that no upgrade can overwrite them', async () => {
    const manifest = await helm(version, ...template(''));
    expect(manifest).not.toMatch(/^\s*caBundle:/m);
    for (const object of (await render(version)).filter(({ kind }) => kind === 'Secret'))
      expect(Object.keys(object).toSorted()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
  });

  test('the controller is told of every guard that is installed, just as it is', async () => {
    const objects = await render(version);
    const told = objects.find(({ metadata }) => metadata.name === `${release}-installed`) as ConfigMap;
    const documents = parseAllDocuments(told.data?.[INSTALLED_KEY] ?? '');
    const now = guardsAmong(
      documents.map((document) => document.toJS() as KubernetesObject | null).filter((one) => one !== null),
    );
    const found = guardsAmong(objects);
    expect([...now.keys()].toSorted()).toEqual([...found.keys()].toSorted());
    expect(now.size).toBe(2 + 2 * floorPolicies({ namespace, name: release, probeNamespace: '' }).length);
    expect(judgeGuards({ now }, found).filter(({ wrong }) => wrong !== undefined)).toEqual([]);
  });

  test('every pod meets the restricted level, mounts no default token, and has its root read-only', async () => {
    const specs = podSpecs(await render(version));
    expect(specs.map(({ containers }) => containers[0]?.name).sort()).toEqual([
      'controller',
      'crds',
      'drain',
      'webhook',
    ]);
    for (const { automountServiceAccountToken, securityContext, containers } of specs) {
      expect(automountServiceAccountToken).toBe(false);
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('a digest pins the image of every pod', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const specs = podSpecs(await render(version, `image.digest=${digest}`));
    for (const { containers } of specs)
      expect(containers[0]?.image).toBe(`localhost/taskgrant:0.1.0@${digest}`);
  });

  test.each([
    ['1.35.0', 'auto', { apiGroups: [''], verbs: ['impersonate'] }],
    ['1.36.0', 'auto', { apiGroups: ['authentication.k8s.io'], verbs: ['impersonate:serviceaccount'] }],
    ['1.37.2', 'plain', { apiGroups: [''], verbs: ['impersonate'] }],
  ])(
    'on Kubernetes %s with rbac.impersonation=%s the controller becomes the grantor as it can there',
    async (kubernetes, how, rule) => {
      const objects = await render(version, `rbac.impersonation=${how}`, kubernetes);
      const role = objects.find(
        ({ kind, metadata }) => kind === 'Role' && metadata.name === `${release}-grantor-default`,
      );
      expect(role).toMatchObject({
        rules: [{ ...rule, resources: ['serviceaccounts'], resourceNames: [`${release}-grantor-default`] }],
      });
    },
  );

  test.each(RELEASES)(
    '%s every right of an account stands in the table of rights, and every right of the table is there',
    async (_, { values = '', kubernetes, so, own }) => {
      const objects = await render(version, values, kubernetes);
      const holders = HOLDERS.filter(({ roles }) =>
        roles.some(({ when = [] }) => when.every((one) => so.includes(one))),
      );
      const accounts = objects
        .filter(({ kind }) => kind === 'ServiceAccount')
        .map(({ metadata }) => metadata.name);
      expect(accounts.sort()).toEqual(
        holders.flatMap(({ account }) => (account === undefined ? [] : [`${own.name}-${account}`])).sort(),
      );
      for (const holder of holders)
        expect(normalise(heldBy(holder, objects, own)), holder.name).toEqual(
          normalise(rulesOf(holder, own, new Set(so))),
        );
      // Bound or not: somebody else may bind it.
      const inTable = HOLDERS.flatMap(({ roles }) =>
        roles.flatMap(({ entries }) => entries.map((entry) => ruleOf(entry, own))),
      );
      const unknown = rolesAmong(objects).flatMap(({ rules }) => subtract(rules ?? [], inTable));
      expect(unknown.map(renderRight)).toEqual([]);
    },
  );

  describe('where cert-manager keeps the certificate', () => {
    const certManager = 'certificates.certManager.enabled=true';
    const its = (objects: readonly KubernetesObject[], kind: string) =>
      objects
        .filter((object) => object.kind === kind && object.apiVersion === 'cert-manager.io/v1')
        .map(({ metadata, ...rest }) => ({ name: metadata.name, ...(rest as { spec?: object }).spec }));

    test('it is told which, and both webhook configurations ask for its CA', async () => {
      const objects = await render(version, certManager);
      expect(its(objects, 'Certificate')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            name: `${release}-webhook`,
            secretName: `${release}-webhook-tls`,
            dnsNames: [
              `${release}-webhook.${namespace}.svc`,
              `${release}-webhook.${namespace}.svc.cluster.local`,
              `${release}-webhook.${namespace}`,
            ],
            issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: `${release}-ca` },
          }),
        ]),
      );
      const configurations = objects.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
      expect(configurations).toHaveLength(2);
      for (const { metadata } of configurations)
        expect(metadata.annotations).toEqual({
          'cert-manager.io/inject-ca-from': `${namespace}/${release}-webhook`,
        });
    });

    test('a CA of the release’s own signs it, whose key stays when it is renewed', async () => {
      const objects = await render(version, certManager);
      const issuers = its(objects, 'Issuer');
      expect(issuers).toHaveLength(2);
      expect(issuers).toContainEqual({ name: `${release}-ca`, ca: { secretName: `${release}-ca` } });
      expect(issuers).toContainEqual({ name: `${release}-self-signed`, selfSigned: {} });
      expect(its(objects, 'Certificate')).toContainEqual(
        expect.objectContaining({
          name: `${release}-ca`,
          isCA: true,
          secretName: `${release}-ca`,
          privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
          issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: `${release}-self-signed` },
        }),
      );
    });

    test('an issuer of one’s own signs it where one is named', async () => {
      const issuerRef = { name: 'corporate', kind: 'ClusterIssuer', group: 'cert-manager.io' };
      const values = Object.entries(issuerRef).map(
        ([key, value]) => `certificates.certManager.issuerRef.${key}=${value}`,
      );
      const objects = await render(version, [certManager, ...values].join(','));
      expect(its(objects, 'Issuer')).toEqual([]);
      expect(its(objects, 'Certificate')).toMatchObject([{ name: `${release}-webhook`, issuerRef }]);
    });

    test('the controller is told to keep off, and may only look at the webhook configurations', async () => {
      const objects = await render(version, certManager);
      const args = podSpecs(objects).flatMap(({ containers }) =>
        containers.flatMap((each) => each.args ?? []),
      );
      expect(args).toContain('--certificates=external');
      expect(args.filter((arg) => arg.startsWith('--ca-'))).toEqual([]);
      const ofController = objects.filter(
        ({ kind, metadata }) => /Role$/.test(kind) && metadata.name === `${release}-controller`,
      ) as (KubernetesObject & { rules: { resources: string[]; verbs: string[] }[] })[];
      expect(ofController).toHaveLength(2);
      const verbsOn = (resource: string) =>
        ofController.flatMap(({ rules }) =>
          rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs),
        );
      expect(verbsOn('secrets')).toEqual([]);
      for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
        expect(verbsOn(kind)).toEqual(['list', 'watch']);
    });

    test('the Secrets are the same, and empty: neither has to be deleted for the other to take over', async () => {
      const secretsIn = async (values: string) =>
        (await render(version, values))
          .filter(({ kind }) => kind === 'Secret')
          .map(({ metadata, ...rest }) => ({ name: metadata.name, ...rest }));
      const own = await secretsIn('');
      expect(own.map(({ name }) => name)).toEqual([`${release}-ca`, `${release}-webhook-tls`]);
      expect(await secretsIn(certManager)).toEqual(own);
      const corporate = `${certManager},certificates.certManager.issuerRef.name=corporate`;
      expect(await secretsIn(corporate)).toEqual(own.slice(1));
    });

    test('and nothing of it is there otherwise', async () => {
      const manifest = await helm(version, ...template(''));
      expect(manifest).not.toContain('cert-manager.io/');
      expect(manifest).not.toContain('--certificates=');
    });
  });

  test('what can be left out is left out', async () => {
    const off = [
      ...[
        'webhook.podDisruptionBudget',
        'controller.podDisruptionBudget',
        'networkPolicy',
        'metrics.service',
        'drainOnUninstall',
      ].map((value) => `${value}.enabled=false`),
      ...['defaultClass.create=false', 'crds.upgrade=false', 'priorityClassName='],
    ];
    const objects = await render(version, off.join(','));
    const kinds = new Set(objects.map(({ kind }) => kind));
    for (const kind of ['PodDisruptionBudget', 'NetworkPolicy', 'Job', 'TaskGrantClass'])
      expect(kinds).not.toContain(kind);
    expect(kinds).toContain('Deployment');
  });

  test('a ServiceMonitor is there on demand, and not without the Service that it reads', async () => {
    const objects = await render(version, 'metrics.serviceMonitor.enabled=true');
    expect(objects.map(({ kind }) => kind)).toContain('ServiceMonitor');
    expect(
      await refused(version, 'metrics.serviceMonitor.enabled=true,metrics.service.enabled=false'),
    ).toContain('needs metrics.service.enabled');
  });

  test('client certificates are asked for where the chart is told by whom they are signed, from a volume that can change', async () => {
    const values =
      'webhook.clientCertificates.configMap=control-plane,webhook.clientCertificates.names={a,b}';
    const [pod] = podSpecs(await render(version, values)).filter(
      ({ containers }) => containers[0]?.name === 'webhook',
    );
    expect(pod?.volumes).toContainEqual({
      name: 'clients',
      configMap: { name: 'control-plane', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
    });
    expect(pod?.volumes?.map(({ name }) => name)).toEqual(['identity', 'clients']);
    expect(pod?.containers[0]).toMatchObject({
      args: expect.arrayContaining([
        '--client-ca-file=/etc/taskgrant/clients/ca.crt',
        '--client-name=a',
        '--client-name=b',
      ]) as string[],
      volumeMounts: [{ name: 'identity' }, { name: 'clients', mountPath: '/etc/taskgrant/clients' }],
    });
    const byDefault = podSpecs(await render(version)).map(({ containers }) => containers[0]?.args ?? []);
    expect(byDefault.flat().filter((flag) => flag.startsWith('--client'))).toEqual([]);
  });

  test.each([
    ['image.tagg=1', 'image'],
    ['controller.holdSeconds=1', 'holdSeconds'],
    ['webhook.holdSeconds=30', 'holdSeconds'],
    ['webhook.replicas=0', 'replicas'],
    ['webhook.clientCertificates.names={a}', 'needs webhook.clientCertificates.configMap'],
    ['image.digest=sha256:1', 'digest'],
    ['defaultClass.limits.maxDuration=1d', 'maxDuration'],
    ['rbac.impersonation=both', 'impersonation'],
    ['certificates.overlap=1d', 'overlap'],
    ['certificates.certManager.issuerRef.nam=a', 'issuerRef'],
    [`probeNamespace.name=${namespace}`, 'never enforced'],
  ])('the value %s is refused with a word on why', async (value, word) => {
    expect(await refused(version, value)).toContain(word);
  });
});

type RoleObject = KubernetesObject & AggregatedRole;
type BindingObject = KubernetesObject & Pick<RoleBinding, 'roleRef' | 'subjects'>;

/** What the holder has by the bindings among the objects; or, of people, by the ClusterRoles that are theirs. */
function heldBy(
  { account, clusterRoles = [] }: Holder,
  objects: readonly KubernetesObject[],
  { name, namespace: its }: Release,
): ScopedRule[] {
  const roles = rolesAmong(objects);
  const rulesOfRole = (role: RoleObject) =>
    rulesOfClusterRole(
      role,
      roles.filter(({ kind }) => kind === 'ClusterRole'),
    );
  if (account === undefined)
    return roles.filter(({ metadata }) => clusterRoles.includes(metadata.name ?? '')).flatMap(rulesOfRole);
  const bindings = objects.filter((object): object is BindingObject =>
    ['ClusterRoleBinding', 'RoleBinding'].includes(object.kind),
  );
  return bindings
    .filter(({ subjects = [] }) =>
      subjects.some((subject) => subject.name === `${name}-${account}` && subject.namespace === its),
    )
    .flatMap(({ metadata: { namespace: place }, roleRef }) => {
      const role = roles.find(
        ({ kind, metadata }) =>
          kind === roleRef.kind &&
          metadata.name === roleRef.name &&
          (kind === 'ClusterRole' || metadata.namespace === place),
      );
      if (!role) throw new Error(`${roleRef.kind} ${roleRef.name} is bound and not there`);
      return rulesOfRole(role).map((rule) => ({
        ...rule,
        ...(place !== undefined && { namespaces: [place] }),
      }));
    });
}

function rolesAmong(objects: readonly KubernetesObject[]): RoleObject[] {
  return objects.filter((object): object is RoleObject => ['ClusterRole', 'Role'].includes(object.kind));
}

async function render(version: HelmVersion, values = '', kubernetes?: string): Promise<KubernetesObject[]> {
  const manifest = await helm(version, ...template(values, kubernetes));
  return parseAllDocuments(manifest)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

async function refused(version: HelmVersion, values: string): Promise<string> {
  const { code, stderr } = await tryHelm(version, ...template(values));
  expect(code).not.toBe(0);
  return stderr;
}

/** Without a cluster, Helm takes it to be of the version that Helm itself was built for. */
function template(values: string, kubernetes = '1.37.2'): string[] {
  const inRelease = [release, chart, '--namespace', namespace];
  return ['template', ...inRelease, '--set', values, '--kube-version', kubernetes];
}

function podSpecs(objects: readonly KubernetesObject[]): PodSpec[] {
  return objects
    .filter((object): object is KubernetesObject & { spec: { template: { spec: PodSpec } } } =>
      ['Deployment', 'Job'].includes(object.kind),
    )
    .map(({ spec }) => spec.template.spec);
}
