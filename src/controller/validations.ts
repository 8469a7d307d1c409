/** What the validations of a class have against a grant, judged by the whole of it: a cache has not all that they may ask about. */
import type { Namespace, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import type { Violation } from '../core/decision/violation.ts';
import { hasValidations, satisfiesValidations } from '../core/envelope/validations.ts';
import type { Client } from '../kube/client.ts';
import { found } from '../kube/find.ts';
import { taskGrants } from '../kube/resources.ts';

export interface ClassValidations {
  failed(
    grant: Stored<TaskGrant>,
    itsClass: TaskGrantClass,
    namespace: Namespace | undefined,
  ): Promise<readonly Violation[]>;
}

interface Judged {
  /** What it was judged on. */
  basis: string;
  violations: readonly Violation[];
}

/** More grants than a cluster of ours was ever measured with are active at once; of one that is forgotten the API server is asked again. */
const MOST_REMEMBERED = 20_000;

/**
 * An active grant is looked at whenever something of it moves, and its spec, but for its duration, cannot change. So it is read, and
 * judged, once for each thing that its class and its namespace have said.
 */
export function createClassValidations({ client }: { client: Pick<Client, 'get'> }): ClassValidations {
  const remembered = new Map<string, Judged>();
  return {
    async failed(grant, itsClass, namespace) {
      if (!hasValidations(itsClass)) return [];
      const { uid } = grant.metadata;
      const basis = basisOf(grant, itsClass, namespace);
      const known = remembered.get(uid);
      if (known?.basis === basis) return known.violations;
      const whole = await wholeOf(grant, client);
      const { requestedBy: requester } = whole.spec;
      // Its cached duration is what was asked about; a newer one comes with its event.
      const facts = { requester, labels: labelsOf(namespace) };
      const violations = satisfiesValidations(whole, itsClass, facts);
      remembered.delete(uid);
      remembered.set(uid, { basis, violations });
      const [oldest] = remembered.keys();
      if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
      return violations;
    },
  };
}

function basisOf(
  { spec }: TaskGrant,
  { metadata }: TaskGrantClass,
  namespace: Namespace | undefined,
): string {
  return JSON.stringify([metadata.uid, metadata.generation, labelsOf(namespace), spec.duration]);
}

function labelsOf(namespace: Namespace | undefined): Record<string, string> | undefined {
  return namespace && (namespace.metadata.labels ?? {});
}

/**
 * Readers keep who asked, and why, of those grants only that are not active yet (readers.ts). Of the others neither may be taken for
 * empty.
 *
 * @throws Error where the grant is gone: the event of that is on its way
 */
async function wholeOf(grant: Stored<TaskGrant>, client: Pick<Client, 'get'>): Promise<Stored<TaskGrant>> {
  if (grant.spec.requestedBy) return grant;
  const { namespace, name, uid } = grant.metadata;
  const whole = await found(client, taskGrants, { namespace, name });
  if (whole?.metadata.uid !== uid) throw new Error(`TaskGrant ${namespace}/${name} is another one by now`);
  return whole;
}
