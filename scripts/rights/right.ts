/** What is told of each right that the chart gives: an entry cannot be written without its reason, its price, its bound, and who shows the bound. */
import type { RiskLevel } from '../../src/core/rules/risk-level.ts';

/** The names that a release has chosen for itself, as expressions of a template or as words of a page. */
export interface Release {
  /** What the names of its own objects begin with. */
  name: string;
  namespace: string;
  probeNamespace: string;
}

/** One rule of a Role, of one purpose. */
export interface Entry {
  apiGroups: readonly string[];
  resources: readonly string[];
  /** After the release's name: `ca` is NAME-ca, and the empty one is NAME itself. Every object where omitted. */
  ownNames?: readonly string[];
  /** As they are, whatever the release is called. */
  names?: readonly string[];
  verbs: readonly string[];
  /** What the holder does with it. A comment of the chart as well. */
  because: string;
  /** What whoever has stolen the holder's token gains by it. */
  gain: string;
  /** What keeps it at that. */
  bound: string;
  /** Where the bound is tried on a real cluster. */
  shownBy: readonly [Shown, ...Shown[]];
}

export interface Shown {
  file: `e2e/${string}.e2e.test.ts`;
  /** As it stands in the file, after the names of what it is described under: `a pod > keeps its label`. */
  test: string;
}

/** What has to be so for a release to have the Role. */
export type Condition =
  | 'crds.upgrade'
  | 'defaultClass.create'
  | 'defaultClass.usableByEditors'
  | 'drainOnUninstall.enabled'
  /** Not those of cert-manager: see certificates.certManager of the chart's values. */
  | 'own certificates'
  /** Kubernetes 1.36 and later, mostly: see rbac.impersonation of the chart's values. */
  | 'constrained impersonation'
  | 'plain impersonation';

export interface OwnRole {
  /** Of the template that the rules become: `taskgrant.rights.<name>`. */
  name: string;
  /** In the whole cluster, or in one namespace of the product's. */
  where: 'cluster' | 'release' | 'probe';
  /** All have to be so. */
  when?: readonly Condition[];
  entries: readonly Entry[];
}

/** Whoever holds Roles of the chart. */
export interface Holder {
  name: string;
  /** The service account, after the release's name; people have none, and hold ClusterRoles of these names. */
  account?: string;
  clusterRoles?: readonly string[];
  /** Who it is, and how its token could be had. */
  about: string;
  roles: readonly OwnRole[];
  /** The linter's level of everything together, and why each of its findings is accepted, by code. */
  level: RiskLevel;
  accepted: Readonly<Record<string, string>>;
}

/** What RBAC itself refuses, asked about every verb and every built-in kind. */
export const NOTHING_ELSE: Shown = {
  file: 'e2e/chart/rights.e2e.test.ts',
  test: '%s is allowed what the table of rights says, and nothing else',
};

/** A test of the floor. */
export const floor = (test: string): Shown => ({ file: 'e2e/chart/floor.e2e.test.ts', test });

/** A test of what holds with none of the product's pods up. */
export const outage = (test: string): Shown => ({ file: 'e2e/chart/outage.e2e.test.ts', test });

export const READ = ['get', 'list', 'watch'] as const;

/** Of what is only read. */
export const ONLY_READ = 'RBAC: these kinds, and no write';
