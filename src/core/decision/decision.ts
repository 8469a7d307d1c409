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
  const { className, task, workload, envelope, conditions, completion, notBefore, requestedBy, approval } =
    grant.spec;
  const basis = {
    grant: grant.metadata.uid,
    spec: { className, task, workload, envelope, conditions, completion, notBefore, requestedBy, approval },
    class: itsClass && { name: itsClass.metadata.name, uid: itsClass.metadata.uid, spec: itsClass.spec },
    namespace: namespace && {
      uid: namespace.metadata.uid,
      enforce: namespace.metadata.labels?.[ENFORCE_LABEL],
    },
  };
  const digest = sha256(basis);
  return { id: `d-${digest.slice(0, ID_LENGTH)}`, digest: `sha256:${digest}` };
}

/**
 * The SHA-256 of what an approval is about: the grant by its UID, and all of its spec but what may change afterwards. A duration may
 * only shrink, and whoever approves the longer one has approved the shorter.
 */
export function specDigestOf({ metadata, spec }: Stored<TaskGrant>): string {
  const fixed = { ...spec };
  for (const field of CHANGEABLE) Reflect.deleteProperty(fixed, field);
  return `sha256:${sha256({ grant: metadata.uid, spec: fixed })}`;
}

const CHANGEABLE = [
  'duration',
  'suspend',
  'revoke',
  'approval',
] as const satisfies (keyof TaskGrant['spec'])[];

function sha256(basis: object): string {
  const canonical = canonicalize(JSON.parse(JSON.stringify(basis))) ?? '';
  return createHash('sha256').update(canonical).digest('hex');
}
