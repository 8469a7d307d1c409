/**
 * The floor: the writes without which no identity of a task's own can be had, one after the other, with nothing around them.
 * By an admin, whom the API server lets write any rule unseen; or with Role and binding by the grantor, as the product does it, whom
 * the API server's escalation check judges. The difference between the two is the price of that check.
 */
import { serviceAccountNameFor, usernameOf } from '../../src/core/names.ts';
import { NAMESPACE, RELEASE } from '../product/install.ts';
import type { ApiServer } from './api-server.ts';
import { allNamespaces, INPUT, namespaceOf } from './namespaces.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const LABELS = { 'app.kubernetes.io/managed-by': 'taskgrant-bench' };
const SELECTOR = '?labelSelector=app.kubernetes.io/managed-by%3Dtaskgrant-bench';

export interface FloorSet {
  readonly namespace: string;
  /** Of the account. */
  readonly account: string;
  /** Of Role and RoleBinding. */
  readonly role: string;
}

/** Named as nobody's in particular: what is named as a grant's is made by the product alone (the chart's policies). */
export function floorSet(prefix: string, index: number): FloorSet {
  const name = `${prefix}-${index}`;
  return { namespace: namespaceOf(index), account: `floor-${name}`, role: `floor:${name}` };
}

/** Named as grants name theirs: the chart's policies let a grantor write no other. */
export function grantorsSet(prefix: string, index: number): FloorSet {
  const name = `${prefix}-${index}`;
  return {
    namespace: namespaceOf(index),
    account: serviceAccountNameFor(name, 'bcdfghjk'),
    role: `taskgrant:${name}`,
  };
}

/** The account that makes grants' accounts. */
export function asController(api: ApiServer): ApiServer {
  return api.as(usernameOf({ namespace: NAMESPACE, name: `${RELEASE}-controller` }));
}

/** The account as which the product writes what it grants under the default class. */
export function asGrantor(api: ApiServer): ApiServer {
  return api.as(usernameOf({ namespace: NAMESPACE, name: `${RELEASE}-grantor-default` }));
}

/** Service account, Role, RoleBinding. @param api who makes the account @param writer who writes the latter two */
export async function createSet(api: ApiServer, set: FloorSet, writer: ApiServer = api): Promise<void> {
  const { namespace, account, role } = set;
  await api.must('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    metadata: { name: account, labels: LABELS },
    automountServiceAccountToken: false,
  });
  const metadata = { name: role, labels: LABELS };
  await writer.must('POST', `${RBAC}/namespaces/${namespace}/roles`, {
    metadata,
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [INPUT], verbs: ['get'] }],
  });
  await writer.must('POST', `${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
}

/** In the order in which a revocation needs them gone. */
export async function removeSet(api: ApiServer, { namespace, account, role }: FloorSet): Promise<void> {
  await api.must('DELETE', `${RBAC}/namespaces/${namespace}/rolebindings/${role}`);
  await api.must('DELETE', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`);
  await api.must('DELETE', `${RBAC}/namespaces/${namespace}/roles/${role}`);
}

/** All that are left, in all namespaces. */
export async function removeAllSets(api: ApiServer): Promise<void> {
  for (const namespace of allNamespaces()) {
    await api.must('DELETE', `${RBAC}/namespaces/${namespace}/rolebindings${SELECTOR}`);
    await api.must('DELETE', `${RBAC}/namespaces/${namespace}/roles${SELECTOR}`);
    await api.must('DELETE', `/api/v1/namespaces/${namespace}/serviceaccounts${SELECTOR}`);
  }
}
