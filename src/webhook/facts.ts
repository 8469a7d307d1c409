/**
 * What reviewers ask of the cluster. Answers come from caches where they can, and from the API server where a cache
 * has nothing or might be behind in a way that matters: never from a default.
 */
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import type { Stored, UserInfo } from '../api/kubernetes.ts';

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
  /**
   * The grant as soon as it is active or will not become so, or as it stands when the time is up: whatever comes first.
   * A grant that is not there yet is waited for as well.
   */
  settled(namespace: string, name: string, wait: Wait): Promise<Stored<TaskGrant> | undefined>;
  /** How many grants of the class in the namespace have not finished. */
  countUnfinished(namespace: string, className: string): number;
}

export interface ClassFacts {
  get(name: string): Promise<TaskGrantClass | undefined>;
  /** The one that is marked as the default; the newest where several are, as with StorageClasses. */
  default(): TaskGrantClass | undefined;
}

export interface PodFacts {
  /** How many pods but that of this UID were ever admitted under the grant. */
  countUsed(grant: Stored<TaskGrant>, exceptUid: string | undefined): number;
}

export interface NamespaceFacts {
  /** The value of the label `taskgrant.dev/enforce`; undefined where there is none. */
  enforceLevel(namespace: string): Promise<string | undefined>;
  /** The names in the imagePullSecrets of the namespace's `default` service account. */
  defaultPullSecrets(namespace: string): Promise<string[]>;
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
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
  /** Milliseconds since the epoch. */
  now(): number;
}
