import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rightsIn, type ScopedRule } from './right.ts';
import { ruleOf } from './algebra.ts';
import { DANGERS, riskOf } from './risk.ts';
import { isAtLeast, RISK_LEVELS, worstOf } from './risk-level.ts';

const rule = (
  apiGroup: string,
  resource: string,
  verb: string,
  changes: Partial<ScopedRule> = {},
): ScopedRule => ({ apiGroups: [apiGroup], resources: [resource], verbs: [verb], ...changes });

const inBlue = { namespaces: ['blue'] };
const RBAC = 'rbac.authorization.k8s.io';
const CERTIFICATES = 'certificates.k8s.io';

/** What is wrong with a rule in a namespace: its level and codes. */
const told = (...rules: ScopedRule[]): string => {
  const { level, findings } = riskOf(rules);
  return [level, ...findings.map(({ code }) => code)].join(' ');
};

describe('in a namespace', () => {
  test.each([
    [['', 'secrets', 'get'], 'High SecretsReached'],
    [['', 'secrets', 'patch'], 'High SecretsReached'],
    [['', 'serviceaccounts/token', 'create'], 'High TokensMinted'],
    [['', 'serviceaccounts', 'impersonate'], 'High ServiceAccountsImpersonated'],
    [['', 'serviceaccounts', '*'], 'High ServiceAccountsImpersonated OthersDisturbed'],
    [['authentication.k8s.io', 'serviceaccounts', 'impersonate:serviceaccount'], 'High ImpersonationOfAKind'],
    [['', 'pods', 'impersonate-on:serviceaccount:list'], 'High ImpersonationOfAKind'],
    [['', 'pods', 'impersonate-on:something-new'], 'High ImpersonationOfAKind'],
    [['', 'pods', 'impersonate:somebody-new'], 'High ImpersonationOfAKind'],
    [['', 'any.example', 'request-serviceaccounts-token-audience'], 'High TokenAudiencesAllowed'],
    [[RBAC, 'roles', 'escalate'], 'High EscalationAllowed'],
    [[RBAC, 'clusterroles', 'bind'], 'High BindingAllowed'],
    [[RBAC, 'rolebindings', 'create'], 'High RightsWritten'],
    [['', 'pods', 'create'], 'High PodsMade'],
    [['batch', 'cronjobs', 'patch'], 'High PodsMade'],
    [['', 'podtemplates', 'update'], 'High PodsMade'],
    [['', 'pods/exec', 'get'], 'High PodsEntered'],
    [['', '*/exec', 'create'], 'High PodsEntered'],
    [['', 'services/proxy', 'get'], 'High PodsEntered'],
    [['', 'pods/status', 'patch'], 'High PodsChanged'],
    [['', 'pods/binding', 'create'], 'High PodsChanged'],
    [['', 'namespaces/finalize', 'update'], 'High NamespacesChanged'],
    [['taskgrant.dev', 'taskgrants', 'create'], 'High GrantsMade'],
    [['argoproj.io', 'workflows', 'create'], 'High ArgoWorkflowsMade'],
    [['', 'services', 'create'], 'High TrafficTaken'],
    [['', 'services', 'patch'], 'High TrafficTaken'],
    [['', 'services/status', 'patch'], 'High TrafficTaken'],
    [['', 'endpoints', 'update'], 'High TrafficTaken'],
    [['discovery.k8s.io', 'endpointslices', 'create'], 'High TrafficTaken'],
    [['helm.cattle.io', 'helmcharts', 'create'], 'Critical HelmChartsMade'],
    [['helm.cattle.io', 'helmchartconfigs', 'patch'], 'Critical HelmChartsMade'],
    [['operators.coreos.com', 'subscriptions', 'create'], 'Critical OperatorsInstalled'],
    [['operators.coreos.com', 'installplans', 'update'], 'Critical OperatorsInstalled'],
    [['keda.sh', 'scaledjobs', 'create'], 'High ScaledJobsMade'],
    [['jobset.x-k8s.io', 'jobsets', 'create'], 'High JobSetsMade'],
    [['monitoring.coreos.com', 'prometheuses', 'patch'], 'High PrometheusMade'],
    [['velero.io', 'restores', 'create'], 'Critical BackupsRestored'],
    [['source.toolkit.fluxcd.io', 'gitrepositories', 'patch'], 'High FluxOriginsWritten'],
    [['*', '*', '*'], 'Critical Everything'],
  ] as const)('%j is rated %s', ([group, resource, verb], expected) => {
    const [level, code] = expected.split(' ');
    const risk = riskOf([rule(group, resource, verb, inBlue)]);
    expect(risk.level).toBe(level);
    expect(risk.findings[0]?.code).toBe(code);
  });

  test.each([
    [['', 'configmaps', 'list'], 'Medium BroadReads'],
    [['', 'pods/log', 'get'], 'Medium BroadReads'],
    [['apps', 'deployments', 'watch'], 'Medium BroadReads'],
    [['', 'services', 'delete'], 'Medium OthersDisturbed'],
    [['', 'configmaps', 'update'], 'Medium OthersDisturbed'],
    [['', 'serviceaccounts', 'patch'], 'Medium AccountsChanged'],
    [['coordination.k8s.io', 'leases', 'update'], 'Medium LeadersChanged'],
    [['unheard.example', 'things', 'create'], 'Medium GroupUnknown'],
    [['', 'configmaps', 'reticulate'], 'Medium VerbUnknown'],
    [['', 'services', 'get'], 'Low'],
    [['unheard.example', 'things', 'list'], 'Medium BroadReads'],
    [['authorization.k8s.io', 'selfsubjectaccessreviews', 'create'], 'None'],
  ] as const)('%j is rated %s', ([group, resource, verb], expected) => {
    expect(told(rule(group, resource, verb, inBlue))).toBe(expected);
  });

  test('what the rule names is narrow, unless it is dangerous by name as well', () => {
    const named = { ...inBlue, resourceNames: ['tickets'] };
    expect(told(rule('', 'configmaps', 'get', named))).toBe('Low');
    expect(told(rule('', 'configmaps', 'update', named))).toBe('Low');
    expect(told(rule('', 'secrets', 'get', named))).toBe('High SecretsReached');
    expect(told(rule('unheard.example', 'things', 'update', named))).toBe('Medium GroupUnknown');
  });

  test('the empty name is everything that is asked without one', () => {
    const nameless = { ...inBlue, resourceNames: ['', 'tickets'] };
    expect(told(rule('', 'configmaps', 'list', nameless))).toBe('Medium BroadReads');
    expect(told(rule('', 'configmaps', 'deletecollection', nameless))).toBe('Medium OthersDisturbed');
  });

  test('kinds that are in no namespace are not reached', () => {
    expect(told(rule('', 'nodes', 'patch', inBlue))).toBe('Medium OthersDisturbed');
    expect(told(rule('certificates.k8s.io', 'signers', 'approve', inBlue))).toBe('Low');
    expect(told({ nonResourceURLs: ['*'], verbs: ['get'], ...inBlue })).toBe('None');
  });
});

test('a verb that has no use but one is told of where it is written out, and not of every *', () => {
  expect(told(rule('', 'configmaps', '*', inBlue))).toBe('Medium OthersDisturbed');
});

test('a right that leads further is not told of as an ordinary one as well', () => {
  expect(told(rule('', 'secrets', 'delete', inBlue))).toBe('High SecretsReached');
  expect(told({ ...rule('', 'secrets', 'delete', inBlue), resources: ['secrets', 'services'] })).toBe(
    'High SecretsReached OthersDisturbed',
  );
});

describe('in the whole cluster', () => {
  test.each([
    [['', 'secrets', 'list'], 'Critical SecretsReached'],
    [['', 'users', 'impersonate'], 'Critical UsersImpersonated'],
    [['authentication.k8s.io', 'nodes', 'impersonate:arbitrary-node'], 'Critical UsersImpersonated'],
    [['', '*', '*'], 'Critical UsersImpersonated'],
    [['', 'nodes/proxy', 'get'], 'Critical NodesReached'],
    [['', '*/proxy', 'get'], 'Critical NodesReached'],
    [['', 'nodes', 'patch'], 'Critical NodesReached'],
    [['', 'persistentvolumes', 'create'], 'Critical VolumesMade'],
    [['storage.k8s.io', 'csidrivers', 'update'], 'Critical VolumesMade'],
    [['admissionregistration.k8s.io', 'validatingadmissionpolicies', 'patch'], 'Critical AdmissionWritten'],
    [['apiregistration.k8s.io', 'apiservices', 'create'], 'Critical ApiExtended'],
    [[CERTIFICATES, 'certificatesigningrequests/approval', 'update'], 'High CertificatesApproved'],
    [[CERTIFICATES, 'clustertrustbundles', 'create'], 'High TrustBundlesWritten'],
    [[CERTIFICATES, 'signers', 'sign'], 'High CertificatesApproved'],
    [['apiextensions.crossplane.io', 'compositions', 'create'], 'Critical CompositionsWritten'],
    [['kro.run', 'resourcegraphdefinitions', 'create'], 'Critical ResourceGraphsMade'],
    [['', 'services', 'update'], 'Critical TrafficTaken'],
    [['', 'configmaps', 'update'], 'Critical TrustConfigured'],
    [['*', '*', '*'], 'Critical Everything'],
  ] as const)('%j is rated %s', ([group, resource, verb], expected) => {
    const [level, code] = expected.split(' ');
    const risk = riskOf([rule(group, resource, verb)]);
    expect(risk.level).toBe(level);
    expect(risk.findings.map((finding) => finding.code)).toContain(code);
  });

  test.each([
    ['/healthz', 'None'],
    ['/apis/apps', 'None'],
    ['/metrics', 'Medium PathsOfServer'],
    ['/debug/pprof/*', 'Medium PathsOfServer'],
    ['*', 'Medium PathsOfServer'],
  ])('the path %s is rated %s', (path, expected) => {
    expect(told({ nonResourceURLs: [path], verbs: ['get'] })).toBe(expected);
  });
});

describe('what is named, where the name is what matters', () => {
  const named = (apiGroup: string, resource: string, name: string, namespace?: string) =>
    told(
      rule(apiGroup, resource, 'patch', {
        resourceNames: ['tickets', name],
        ...(namespace !== undefined && { namespaces: ['blue', namespace] }),
      }),
    );

  test.each([
    ['aws-auth', 'kube-system', 'Critical TrustConfigured'],
    ['extension-apiserver-authentication', 'kube-system', 'Critical TrustConfigured'],
    ['aws-auth', undefined, 'Critical TrustConfigured'],
    ['aws-auth', 'green', 'Low'],
    ['coredns', 'kube-system', 'High ClusterConfigured'],
    ['kubeadm-config', undefined, 'High ClusterConfigured'],
    ['cluster-info', 'kube-public', 'High ClusterConfigured'],
    ['coredns', 'kube-public', 'Low'],
    ['kube-root-ca.crt', 'green', 'Medium RootCertificatesWritten'],
    ['kube-root-ca.crt', undefined, 'Medium RootCertificatesWritten'],
    ['settings', 'kube-system', 'Low'],
  ])('the ConfigMap %s in %s is rated %s', (name, namespace, expected) => {
    expect(named('', 'configmaps', name, namespace)).toBe(expected);
  });

  test.each([
    ['kube-system', 'Critical TrustConfigured ClusterConfigured'],
    ['kube-public', 'High ClusterConfigured'],
  ])('all ConfigMaps of %s have them among them: %s', (namespace, expected) => {
    expect(told(rule('', 'configmaps', 'update', { namespaces: [namespace] }))).toBe(expected);
  });

  test.each([
    [['', 'services', 'shop'], 'High TrafficTaken'],
    [['', 'serviceaccounts', 'builder'], 'Medium AccountsChanged'],
    [['coordination.k8s.io', 'leases', 'controller'], 'Medium LeadersChanged'],
  ] as const)('%j is rated %s', ([group, resource, name], expected) => {
    expect(named(group, resource, name, 'green')).toBe(expected);
  });

  test('what only reads it is as narrow as it looks', () => {
    const reading = { namespaces: ['kube-system'], resourceNames: ['aws-auth'] };
    expect(told(rule('', 'configmaps', 'get', reading))).toBe('Low');
  });
});

describe('what several rights are only together', () => {
  test('is of kinds that are in no namespace', () => {
    for (const { together = [] } of DANGERS)
      expect(together.flat().every(({ inCluster }) => inCluster)).toBe(true);
  });

  test('a certificate of anybody takes three', () => {
    const three = [
      rule(CERTIFICATES, 'certificatesigningrequests', 'create'),
      rule(CERTIFICATES, 'certificatesigningrequests/approval', 'update'),
      rule(CERTIFICATES, 'signers', 'approve'),
    ];
    expect(riskOf(three).level).toBe('Critical');
    for (const one of three)
      expect(riskOf(three.filter((other) => other !== one)).level).not.toBe('Critical');
  });
});

test('a finding says which rights make it so, the worst first', () => {
  const { findings } = riskOf([
    { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['list', 'get'], ...inBlue },
  ]);
  expect(findings.map(({ code, level, rights }) => ({ code, level, rights }))).toEqual([
    {
      code: 'SecretsReached',
      level: 'High',
      rights: ['get secrets in namespace blue', 'list secrets in namespace blue'],
    },
    {
      code: 'BroadReads',
      level: 'Medium',
      rights: ['get configmaps in namespace blue', 'list configmaps in namespace blue'],
    },
  ]);
});

test('one rule for everything is told once', () => {
  expect(told(rule('*', '*', '*'))).toBe('Critical Everything');
  expect(told(rule('*', '*', '*', inBlue))).toBe('Critical Everything');
});

test('every danger has a name of its own, says why, and where to read on', () => {
  const codes = DANGERS.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { rights, together, means, because, reference } of DANGERS) {
    expect(rights.length > 0).toBe(together === undefined);
    expect([means, because].every((text) => text.length > 10)).toBe(true);
    expect(reference).toMatch(/^https:\/\//);
  }
});

describe('every danger', () => {
  test.each(
    DANGERS.filter(({ code }) => code !== 'Everything').map((danger) => [danger.code, danger] as const),
  )('%s is found by the rights that it names', (code, { rights, together, everywhere }) => {
    const sets = together ? [together.map(([first]) => first)] : rights.map((right) => [right]);
    for (const set of sets) {
      const rules = set.map((pattern) =>
        rule(
          pattern?.apiGroup ?? '',
          pattern?.resources[0]?.replace('/*', '/any') ?? '',
          pattern?.verbs?.[0]?.replace('*', 'x') ?? 'get',
          { resourceNames: pattern?.names?.slice(0, 1) ?? [] },
        ),
      );
      const found = riskOf(rules).findings.find((finding) => finding.code === code);
      expect(found?.level, JSON.stringify(rules)).toBe(everywhere);
    }
  });
});

describe('whatever the rules', () => {
  const oneOf = (words: readonly string[], maxLength: number) =>
    fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength });
  const dangerous = DANGERS.flatMap(({ rights, together = [] }) => [...rights, ...together.flat()]);
  const wordsOf = (words: Iterable<string>) => [...new Set(words)];
  const someRule: fc.Arbitrary<ScopedRule> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record(
        {
          namespaces: oneOf(['blue', 'green', 'kube-system', 'kube-public'], 2),
          apiGroups: oneOf(
            wordsOf([...dangerous.map(({ apiGroup }) => apiGroup), 'apps', 'unheard.example']),
            2,
          ),
          resources: oneOf(
            wordsOf([...dangerous.flatMap(({ resources }) => resources), 'configmaps', '*/exec', '*/proxy']),
            3,
          ),
          resourceNames: oneOf(['', 'a', ...wordsOf(dangerous.flatMap(({ names = [] }) => names))], 2),
          verbs: oneOf(
            wordsOf(['get', 'list', ...dangerous.flatMap(({ verbs = [] }) => verbs), 'impersonate', 'x']),
            3,
          ),
        },
        { requiredKeys: ['apiGroups', 'resources', 'verbs'] },
      ),
    },
    fc.record({ nonResourceURLs: oneOf(['/healthz', '/metrics', '*'], 2), verbs: oneOf(['get', 'post'], 2) }),
  );
  const rules = fc.array(someRule, { maxLength: 5 });

  test('order, repetition and splitting change nothing', () => {
    fc.assert(
      fc.property(rules, fc.nat(), (some, turn) => {
        const split = rightsIn(some).map(ruleOf);
        const turned = [...split.slice(turn % (split.length + 1)), ...some, ...split].reverse();
        expect(riskOf(turned)).toEqual(riskOf(some));
        expect(riskOf(split)).toEqual(riskOf(some));
      }),
      { numRuns: 2000 },
    );
  });

  test('one more never makes them better', () => {
    fc.assert(
      fc.property(rules, rules, (some, more) => {
        expect(isAtLeast(riskOf([...some, ...more]).level, riskOf(some).level)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('the level is that of the worst finding, or below Medium', () => {
    fc.assert(
      fc.property(rules, (some) => {
        const { level, findings } = riskOf(some);
        const worst = worstOf(findings.map((finding) => finding.level));
        if (findings.length > 0) expect(level).toBe(worst);
        else expect(isAtLeast('Low', level)).toBe(true);
        for (const { rights } of findings) expect(rights.length).toBeGreaterThan(0);
      }),
    );
  });
});

test('levels are compared as they stand', () => {
  expect(RISK_LEVELS.map((level) => isAtLeast(level, 'High'))).toEqual([false, false, false, true, true]);
  expect(worstOf([])).toBe('None');
  expect(worstOf(['Medium', 'High', 'Low'])).toBe('High');
});
