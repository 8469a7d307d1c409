/** Which reviewer answers where: one for each kind of request. */
import { createClassAdviser, createPodAuditor, createPodWarner, createWorkloadAdviser } from './advise.ts';
import type { Facts } from './facts.ts';
import type { Phase } from './metrics.ts';
import { createMintMutator } from './mutate-mints.ts';
import { createPodMutator, type HoldOptions } from './mutate-pods.ts';
import { createGrantMutator } from './mutate-taskgrants.ts';
import type { Reviewer } from './review.ts';
import type { Route } from './server.ts';
import { createBindingValidator } from './validate-bindings.ts';
import { createCertificateValidator } from './validate-certificates.ts';
import { createConnectionValidator } from './validate-connections.ts';
import { createMintValidator } from './validate-mints.ts';
import { createNamespaceValidator } from './validate-namespaces.ts';
import { createPodValidator } from './validate-pods.ts';
import { createGrantValidator } from './validate-taskgrants.ts';

/** Everything that the webhook configurations of the chart name. */
export function routesFor(facts: Facts, options: HoldOptions): Route[] {
  return [
    route('mutate', 'pods', ['pods'], createPodMutator(facts, options)),
    route('mutate', 'taskgrants', ['taskgrants'], createGrantMutator(facts)),
    route('mutate', 'mints', ['serviceaccounts'], createMintMutator(facts)),
    route('validate', 'pods', ['pods'], createPodValidator(facts)),
    route('validate', 'taskgrants', ['taskgrants'], createGrantValidator(facts)),
    route('validate', 'connections', ['pods'], createConnectionValidator(facts)),
    route('validate', 'bindings', ['pods', 'bindings'], createBindingValidator(facts)),
    route('validate', 'mints', ['serviceaccounts'], createMintValidator(facts)),
    route('validate', 'certificates', ['podcertificaterequests'], createCertificateValidator(facts)),
    route('validate', 'namespaces', ['namespaces'], createNamespaceValidator(facts)),
    route('warn', 'workloads', WORKLOAD_RESOURCES, createWorkloadAdviser(facts)),
    route('warn', 'pods', ['pods'], createPodWarner(facts)),
    route('warn', 'classes', ['taskgrantclasses'], createClassAdviser()),
    route('audit', 'pods', ['pods'], createPodAuditor(facts)),
  ];
}

/** The kinds with a template, as resources. */
const WORKLOAD_RESOURCES = [
  'cronjobs',
  'daemonsets',
  'deployments',
  'jobs',
  'podtemplates',
  'replicasets',
  'replicationcontrollers',
  'statefulsets',
];

function route(phase: Phase, what: string, resources: readonly string[], review: Reviewer): Route {
  return { path: `/${phase}/${what}`, phase, resources, review };
}
