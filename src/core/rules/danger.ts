/** What the lists in dangers/ are made of: rights that lead further than they say, and why. */
import type { RiskLevel } from './risk-level.ts';

/** Any right among these; wildcards of a rule reach it as they reach requests. */
export interface RightPattern {
  apiGroup: string;
  /** As in a Role; `nodes/*` is every subresource of nodes, `*` everything in the group. */
  resources: readonly string[];
  /** Every verb where omitted; a star at the end is every verb that begins so. */
  verbs?: readonly string[];
  /** Of kinds that are in no namespace: a Role cannot give them. */
  inCluster?: true;
  /** Only in these, and wherever a rule says no namespace. */
  namespaces?: readonly string[];
  /** Only objects of these names: those that a rule names, and all of a rule that names none. */
  names?: readonly string[];
  /** Only where the rule says one of the names, and not where it reaches all objects of the kind. */
  named?: true;
  /**
   * Only where the verb is written out. Every rule with the verb `*` has it as well, and is told of for what it does beside: half a right
   * without the other half leads nowhere, and that half is looked for where it stands.
   */
  writtenOut?: true;
}

export interface Danger {
  /** Stable, and unique among all: for tools to go by. */
  code: string;
  /**
   * Rights of which each is enough; or, under `together`, of which each list has to be met by one. Those are of kinds that are in no
   * namespace, and so meet wherever they are held.
   */
  rights: readonly RightPattern[];
  together?: readonly (readonly RightPattern[])[];
  /** Where it is held in a namespace. */
  level: RiskLevel;
  /** Where it is held in all namespaces, or for the cluster. */
  everywhere: RiskLevel;
  /** What its holder can do, in one sentence. */
  means: string;
  /** Why: which fact of Kubernetes makes it so. */
  because: string;
  reference: string;
}

export const PRACTICES = 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/';

/** Everything that changes an object, or makes or removes one. */
export const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'] as const;
/** What puts content of the writer's choice into an object. */
export const PUTS = ['create', 'update', 'patch'] as const;
