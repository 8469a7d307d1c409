/**
 * The floor: what holds by the API server alone, with every process of the product down and its webhook configurations edited away.
 * None of it looks anything up, and two of its policies only warn. The chart has it (charts/taskgrant/templates/floor.yaml is generated from here), and as files for
 * the API server itself, which no request can remove (KEP-5793, from Kubernetes 1.36), `taskgrant manifests` prints it.
 */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../api/kubernetes.ts';
import { accounts } from './accounts.ts';
import { ceilings } from './ceilings.ts';
import { NAMESPACE_LABELS, WORKLOAD_LABELS } from './labels.ts';
import { CERTIFICATES, grantorTokens, MINTS, ownCertificates } from './mints.ts';
import { controller, webhook } from './own-accounts.ts';
import { BINDING_LABELS, PODS } from './pods.ts';
import { policyObjects, type FloorPolicy, type Installation } from './policy.ts';
import { bindings, roles } from './rights.ts';
import { states } from './states.ts';
import { IDENTITIES, subjects } from './subjects.ts';
import { tokenSecrets } from './token-secrets.ts';

export function floorPolicies(installation: Installation): FloorPolicy[] {
  return [
    PODS,
    BINDING_LABELS,
    MINTS,
    CERTIFICATES,
    ownCertificates(installation),
    grantorTokens(installation),
    tokenSecrets(installation),
    accounts(installation),
    roles(installation),
    bindings(installation),
    subjects(installation),
    IDENTITIES,
    ceilings(installation),
    states(installation),
    controller(installation),
    webhook(installation),
    NAMESPACE_LABELS,
    WORKLOAD_LABELS,
  ];
}

/** What the API server wants the names of policies to end with that it reads from files, and no others. */
const STATIC = '.static.k8s.io';

/** All policies and their bindings, as files for the API server. */
export function staticFloor(
  installation: Installation,
): (ValidatingAdmissionPolicy | ValidatingAdmissionPolicyBinding)[] {
  return floorPolicies(installation).flatMap((policy) =>
    policyObjects(policy, { name: `${installation.name}-${policy.name}${STATIC}` }),
  );
}
