import type { ComponentName } from './components.ts';
import type { ComponentState } from './control.ts';
import type { Program } from './programs.ts';
import type { Outcome, RunOptions } from './process.ts';

export const driverNames = ['local', 'kind', 'current'] as const;
export type DriverName = (typeof driverNames)[number];

/** A cluster to develop against, and to test on. */
export interface Cluster {
  readonly driver: DriverName;
  readonly name: string;
  /** An admin's kubeconfig. Of a local cluster it works only where {@link Cluster.run} runs. */
  readonly kubeconfig: string;

  /**
   * Makes the cluster, or mends what is broken of it, and returns when its node takes pods. Nothing happens where it is up.
   *
   * @throws Unmet when the machine lacks something; Error with the tail of a log when it does not come up.
   */
  up(options?: UpOptions): Promise<UpOutcome>;
  /** Takes it down, or removes what is left of it. Nothing happens where there is none. */
  down(): Promise<void>;
  status(): Promise<ClusterStatus>;

  /**
   * Runs a command with the cluster's KUBECONFIG, its kubectl and helm first on the PATH, and in its network.
   *
   * @throws Unmet when the cluster is not up.
   */
  run: (argv: readonly string[], options?: RunOptions) => Promise<Outcome>;
  /** Puts an image on the node. Pods name it with `imagePullPolicy: Never`. @param archive as {@link writeImage} writes it */
  loadImage(archive: string): Promise<void>;
  /** Builds the program if the cache does not have it, and returns its path. */
  program(name: Program): Promise<string>;

  /** What only a local cluster has. */
  readonly local?: LocalCluster;
}

export interface LocalCluster {
  /** A directory with one `<component>.log` each, and `audit.log`, JSON lines. */
  readonly logs: string;
  /** Stops the component where it stands (SIGSTOP): connections stay open, and nothing is answered. */
  pause(component: ComponentName): Promise<void>;
  resume(component: ComponentName): Promise<void>;
  /** SIGKILL. Returns when it is gone. Nothing starts it again by itself. */
  kill(component: ComponentName): Promise<void>;
  /** Starts or resumes it. Returns when it is ready. */
  start(component: ComponentName): Promise<void>;
  /** SIGKILL, start. Returns when it is ready. */
  restart(component: ComponentName): Promise<void>;
}

export type UpOutcome = 'made' | 'mended' | 'was up';

export interface UpOptions {
  /** Without "v". Default: that of the cluster if it is up, else the newest that is pinned. */
  readonly kubernetes?: string;
  /** Further flags of the API server. Local clusters only. */
  readonly apiServerArgs?: readonly string[];
  /** How long each step of the start may take; default 90. Local clusters only. */
  readonly stepLimitSeconds?: number;
}

export interface ClusterStatus {
  readonly name: string;
  readonly driver: DriverName;
  /** `broken`: there is something of it, but it does not work; `up` mends or remakes it. */
  readonly state: 'down' | 'starting' | 'up' | 'broken';
  readonly kubernetes?: string;
  readonly kubeconfig?: string;
  readonly logs?: string;
  readonly components?: readonly ComponentStatus[];
}

export interface ComponentStatus extends ComponentState {
  /** The last lines of its log, if it has ended. */
  readonly logTail?: readonly string[];
}
