/**
 * The ceiling for rights in the API: what the grantor of the class holds. The API server's escalation check has the last word, when a
 * Role is written as the grantor; this asks beforehand, so that who asks for too much is told at once, and of everything.
 */
import type { UserInfo } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import type { Violation } from '../decision/violation.ts';
import { usernameOf } from '../names.ts';
import { pathOf, renderRight, type ResourceAttributes } from './requester.ts';

/** A release of the product: its namespace, and what the names of its objects begin with. */
export interface Release {
  namespace: string;
  name: string;
}

/**
 * Grantors are known by their names: by these the floor holds them to writing what belongs to grants, and nothing else
 * (src/core/floor/rights.ts). One of another name could bind what it holds to anybody, and make a stolen token of the controller do so.
 */
export function grantorIsKnown(
  { spec: { grantor } }: Pick<TaskGrantClass, 'spec'>,
  release: Release,
): Violation[] {
  const prefix = `${release.name}-grantor-`;
  if (grantor.namespace === release.namespace && grantor.name.startsWith(prefix)) return [];
  return [
    {
      code: 'GrantorUnknown',
      path: 'spec.grantor',
      asked: `${grantor.namespace}/${grantor.name}`,
      allowed: `${release.namespace}/${prefix}<name>`,
      fix: 'name a service account so, as examples/class.yaml does',
    },
  ];
}

/**
 * The grantor by itself, without the groups that it is in as every service account is: the admin of a namespace may give these anything
 * there, and a ceiling is not theirs to widen.
 */
export function grantorOf({ spec: { grantor } }: Pick<TaskGrantClass, 'spec'>): UserInfo {
  return { username: usernameOf(grantor), groups: [] };
}

/** What the grantor was asked about and does not hold, as violations of the envelope. */
export function beyondGrantor(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  { metadata, spec: { grantor } }: Pick<TaskGrantClass, 'metadata' | 'spec'>,
  lacking: readonly ResourceAttributes[],
): Violation[] {
  return lacking.map((right) => ({
    code: 'BeyondCeiling',
    path: pathOf(grant, right),
    asked: renderRight(right),
    allowed: 'nothing that covers it',
    fix: `ask for less, use another class, or have ${grantor.namespace}/${grantor.name} bound to it, the grantor of class ${metadata.name}`,
  }));
}
