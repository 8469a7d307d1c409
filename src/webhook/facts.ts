/**
 * What reviewers ask of the cluster. Answers come from caches where they can, and from the API server where a cache
 * has nothing or might be behind in a way that matters: never from a default.
 */
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import type { Pod, Stored, UserInfo } from '../api/kubernetes.ts';
import type { DefaultAccount } from '../core/envelope/required.ts';
import type { ExternalKeys } from '../core/identity/external-identity.ts';
import type { Lookups } from '../core/identity/surroundings.ts';

/** How long a pod may wait for its grant. */
export interface Wait {
  ms: number;
  signal: AbortSignal;
  /**
   * Who creates the pod for others, and again where it is refused. It waits in one of its few workers, which are there for
   * everybody's pods: for a moment only, for one pod at a time, and not for a grant that is not there.
   */
  controller?: string;
}

export interface GrantFacts {
  /**
   * The grant as it stands. One that the cache has as active is taken from there; before anything is refused because it
   * is missing or not active, the API server is asked.
   */
  get(namespace: string, name: string): Promise<Stored<TaskGrant> | undefined>;
  /** The grant as the API server has it now. */
  current(namespace: string, name: string): Promise<Stored<TaskGrant> | undefined>;
  /**
   * The grant as soon as it is active or will not become so, or as it stands when the time is up: whatever comes first.
   * A grant that is not there yet is waited for as well.
   */
  settled(namespace: string, name: string, wait: Wait): Promise<Stored<TaskGrant> | undefined>;
  /** How many grants of the class in the namespace have not finished. */
  countUnfinished(namespace: string, className: string): number;
  /** How many grants in the namespace have been activated and have not finished. */
  countActivated(namespace: string): number;
}

export interface ClassFacts {
  get(name: string): Promise<TaskGrantClass | undefined>;
  /** As the API server has it now: before a grant is refused by it. */
  current(name: string): Promise<TaskGrantClass | undefined>;
  /** The one that is marked as the default; the newest where several are, as with StorageClasses. */
  default(): TaskGrantClass | undefined;
}

export interface PodFacts {
  /** How many pods but that of this UID were ever admitted under the grant. */
  countUsed(grant: Stored<TaskGrant>, exceptUid: string | undefined): number;
  /** The grant that a pod says it runs under; undefined where there is no such pod, or it names none. */
  grantNameOf(namespace: string, pod: string): Promise<string | undefined>;
  /** The pod that a token is to be bound to, on its node; undefined where none of that name and UID is there. */
  bound(namespace: string, ref: { name?: string; uid?: string }): Promise<Stored<Pod> | undefined>;
  /** The pods that are known to use the account. */
  ofAccount(account: { namespace: string; name: string }): readonly Stored<Pod>[];
}

export interface NamespaceFacts {
  /** The value of the label, such as `taskgrant.dev/enforce`; undefined where there is none. */
  level(namespace: string, label: string): Promise<string | undefined>;
  /** All of its labels; undefined where there is no such namespace. */
  labels(namespace: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** As the API server has them now. */
  currentLabels(namespace: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** The namespace's `default` service account, as far as it gives pods something. */
  defaultAccount(namespace: string): Promise<DefaultAccount>;
}

/** About whom is asked, for a request in which namespace, and for how long somebody waits for the answer. */
export interface Asker {
  user: UserInfo;
  namespace: string;
  signal: AbortSignal;
}

export interface AccessFacts {
  /** Those of the questions (resource attributes of a SubjectAccessReview) to which the API server says no. */
  denied<Question extends object>(asker: Asker, questions: readonly Question[]): Promise<Question[]>;
}

export interface Facts {
  grants: GrantFacts;
  classes: ClassFacts;
  pods: PodFacts;
  namespaces: NamespaceFacts;
  access: AccessFacts;
  /** Where the references of a namespace's pods lead. */
  lookups(namespace: string): Lookups;
  /** By what other identity systems go. */
  externalKeys: ExternalKeys;
  /** Who may bind pods to nodes, by user name. */
  schedulers: readonly string[];
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
  /** Milliseconds since the epoch. */
  now(): number;
}
