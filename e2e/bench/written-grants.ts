/**
 * Grants that nobody judged and nobody activated: written as they would stand there, for a process that only reads them. Each is a copy of
 * one that the product did activate. A tenth of tens of thousands is active, with the account that it would have; the others are as they
 * are created.
 */
import { API_VERSION, GRANT_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../../src/api/group.ts';
import type { Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { serviceAccountNameFor } from '../../src/core/names.ts';
import type { ApiServer } from './api-server.ts';
import { grantPlace, type GrantPlace } from './grants.ts';
import { allNamespaces } from './namespaces.ts';
import { closedLoop } from './rounds.ts';

const LABEL = 'taskgrant-bench-written';
const AT_A_TIME = 32;

export interface WrittenGrant extends GrantPlace {
  readonly account: string;
}

export function writtenGrant(index: number): WrittenGrant {
  const place = grantPlace('written', index);
  return { ...place, account: serviceAccountNameFor(place.name, 'bench222') };
}

export interface Written {
  readonly grants: number;
  /** The first so many of them. */
  readonly active: number;
}

/** Writes what is missing. @param there what was written before @returns `wanted` */
export async function writeGrants(
  api: ApiServer,
  model: Stored<TaskGrant>,
  there: Written,
  wanted: Written,
): Promise<Written> {
  await each(there.grants, wanted.grants, (grant) => write(api, model, grant));
  await each(there.active, wanted.active, (grant) => activate(api, model, grant));
  return wanted;
}

async function each(from: number, to: number, work: (grant: WrittenGrant) => Promise<void>): Promise<void> {
  await closedLoop({
    count: Math.max(0, to - from),
    atATime: AT_A_TIME,
    work: async (index) => {
      await work(writtenGrant(from + index));
      return 0;
    },
  });
}

async function write(
  api: ApiServer,
  { spec }: Stored<TaskGrant>,
  { namespace, name }: WrittenGrant,
): Promise<void> {
  // Without the finalizer, which the product's own webhook would have put there: so that a deletion is one.
  await api.must('POST', pathOf(namespace), {
    apiVersion: API_VERSION,
    kind: 'TaskGrant',
    metadata: { name, labels: { [LABEL]: '' } },
    spec,
  });
}

async function activate(
  api: ApiServer,
  { status }: Stored<TaskGrant>,
  { namespace, name, account }: WrittenGrant,
): Promise<void> {
  await api.must('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    metadata: {
      name: account,
      labels: { [LABEL]: '', [MANAGED_BY_LABEL]: MANAGED_BY, [GRANT_LABEL]: name },
    },
    automountServiceAccountToken: false,
  });
  const inventory = status?.inventory?.map((item) =>
    item.kind === 'ServiceAccount' ? { ...item, name: account } : item,
  );
  await api.must('PATCH', `${pathOf(namespace)}/${name}/status`, {
    status: { ...status, serviceAccountName: account, ...(inventory && { inventory }) },
  });
}

/** All that were written, and their accounts. */
export async function removeWritten(api: ApiServer): Promise<void> {
  const namespaces = allNamespaces();
  await closedLoop({
    count: namespaces.length,
    atATime: 8,
    work: async (index) => {
      const namespace = namespaces[index] ?? '';
      await api.must('DELETE', `${pathOf(namespace)}?labelSelector=${LABEL}`);
      await api.must('DELETE', `/api/v1/namespaces/${namespace}/serviceaccounts?labelSelector=${LABEL}`);
      return 0;
    },
  });
}

function pathOf(namespace: string): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/taskgrants`;
}
