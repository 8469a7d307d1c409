import { GRANT_LABEL, GROUP } from '../../api/group.ts';
import { ROLE_NAME_PREFIX } from '../names.ts';
import { RBAC_GROUP } from '../rules/right.ts';
import {
  isAccountName,
  isOwnAccount,
  labelOf,
  sameBut,
  usesAccount,
  type FloorPolicy,
  type Installation,
} from './policy.ts';

const EVERYTHING = [{ operations: ['*'], apiGroups: ['*'], resources: ['*/*'] }] as const;

/**
 * CEL: whether an update of a webhook configuration changes the CA bundles of its webhooks and nothing else: neither whom the API server
 * calls, nor about what, nor what no answer means. Names are unique in a configuration, so that in the same order each has its own before it.
 */
const ONLY_BUNDLES_DIFFER = [
  sameBut(['metadata', 'webhooks'], 'object', 'oldObject'),
  // Kept by the API server itself.
  sameBut(['managedFields', 'resourceVersion', 'generation'], 'object.metadata', 'oldObject.metadata'),
  `object.?webhooks.orValue([]).map(webhook, webhook.name) == oldObject.?webhooks.orValue([]).map(webhook, webhook.name)`,
  `object.?webhooks.orValue([]).all(now, oldObject.?webhooks.orValue([]).exists(before, before.name == now.name && ` +
    `${sameBut(['clientConfig'], 'now', 'before')} && ${sameBut(['caBundle'], 'now.clientConfig', 'before.clientConfig')}))`,
].join(' && ');

/**
 * What the controller may write besides what RBAC says: of what it may write at all, nothing that is not the product's. So whoever has
 * stolen its token can end grants, and make accounts that no binding knows; somebody else's pods, accounts and Roles stay. What is left to
 * it docs/reference/stolen-credentials.md says.
 */
export function controller(installation: Installation): FloorPolicy {
  const { namespace, name, probeNamespace } = installation;
  const what = (group: string, resource: string) =>
    `request.resource.group == '${group}' && request.resource.resource == '${resource}'`;
  const own = (...names: readonly string[]) =>
    `request.namespace == '${namespace}' && request.name in [${names.map((each) => `'${name}-${each}'`).join(', ')}]`;
  // By their names, which are the product's: a label can have been taken off, and what had it must still be removed.
  const allowed: readonly string[] = [
    // Its own kinds. It writes their status and the finalizer, and never what somebody has declared.
    `request.resource.group == '${GROUP}' && (request.operation == 'DELETE' || (oldObject != null && object.?spec == oldObject.?spec))`,
    `${what('', 'serviceaccounts')} && request.operation == 'CREATE' && ${isAccountName('object.metadata.name')} && object.?automountServiceAccountToken.orValue(true) == false && !has(object.secrets) && !has(object.imagePullSecrets)`,
    `${what('', 'serviceaccounts')} && request.operation == 'DELETE' && ${isAccountName('oldObject.metadata.name')}`,
    `request.resource.group == '${RBAC_GROUP}' && request.resource.resource in ['roles', 'rolebindings'] && request.operation == 'DELETE' && oldObject.metadata.name.startsWith('${ROLE_NAME_PREFIX}')`,
    `${what('', 'pods')} && request.operation == 'DELETE' && (${labelOf('oldObject', GRANT_LABEL)}.hasValue() || (${usesAccount('oldObject')}))`,
    // The proof of enforcement, which creates nothing.
    `${what('', 'pods')} && request.operation == 'CREATE' && request.namespace == '${probeNamespace}' && has(request.dryRun) && request.dryRun`,
    `${what('', 'secrets')} && ${own('ca', 'webhook-tls')} && request.operation != 'DELETE'`,
    `${what('coordination.k8s.io', 'leases')} && ${own('controller')} && request.operation != 'DELETE'`,
    `request.resource.group == 'events.k8s.io' && request.operation != 'DELETE'`,
    // Questions, which change nothing.
    `request.resource.group in ['authorization.k8s.io', 'authentication.k8s.io']`,
    // Of policies and their bindings the API server asks no policy; of webhook configurations it does (admissionregistration/v1, MatchConstraints).
    `request.resource.group == 'admissionregistration.k8s.io' && request.resource.resource in ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] && request.name == '${name}' && request.operation == 'UPDATE' && ${ONLY_BUNDLES_DIFFER}`,
  ];
  return {
    name: 'controller',
    because: 'Whoever has the controller’s token can touch nothing but what was made for grants.',
    rules: EVERYTHING,
    conditions: { 'is-the-controller': isOwnAccount(installation, 'controller') },
    validations: [
      {
        expression: allowed.map((each) => `(${each})`).join(' ||\n'),
        message: 'the controller of TaskGrant writes nothing but what belongs to grants',
      },
    ],
  };
}

/** The webhook reads and asks. */
export function webhook(installation: Installation): FloorPolicy {
  return {
    name: 'webhook',
    because: 'Whoever has the webhook’s token can change nothing.',
    rules: EVERYTHING,
    conditions: { 'is-the-webhook': isOwnAccount(installation, 'webhook') },
    validations: [
      {
        expression: `request.resource.group in ['authorization.k8s.io', 'authentication.k8s.io']`,
        message: 'the webhook of TaskGrant writes nothing',
      },
    ],
  };
}
