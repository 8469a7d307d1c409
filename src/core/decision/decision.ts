/** The decision under which an identity is issued: its digest says on what it was taken, its id is derived from that. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Namespace, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant, TaskGrantStatus } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import { ENFORCE_LABEL } from '../../api/group.ts';

interface Basis {
  grant: Stored<TaskGrant>;
  class: TaskGrantClass | undefined;
  namespace: Namespace | undefined;
}

/** 16 hex digits tell 2^32 decisions apart with a chance of collision of about one in two (2^64 values). */
const ID_LENGTH = 16;

/**
 * A decision's id and the SHA-256 of the canonical JSON (RFC 8785) of what it was taken on: which grant (by UID) asked
 * for what, on whose behalf, under which class, in a namespace of which level.
 */
export function decisionFor({
  grant,
  class: itsClass,
  namespace,
}: Basis): NonNullable<TaskGrantStatus['decision']> {
  const { className, task, workload, envelope, completion, notBefore, requestedBy } = grant.spec;
  const basis = {
    grant: grant.metadata.uid,
    spec: { className, task, workload, envelope, completion, notBefore, requestedBy },
    class: itsClass && { name: itsClass.metadata.name, uid: itsClass.metadata.uid, spec: itsClass.spec },
    namespace: namespace && {
      uid: namespace.metadata.uid,
      enforce: namespace.metadata.labels?.[ENFORCE_LABEL],
    },
  };
  const canonical = canonicalize(JSON.parse(JSON.stringify(basis))) ?? '';
  const digest = createHash('sha256').update(canonical).digest('hex');
  return { id: `d-${digest.slice(0, ID_LENGTH)}`, digest: `sha256:${digest}` };
}
