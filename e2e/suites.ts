/** The suites of tests that need a cluster, and what each of them needs. */
import type { Program } from './cluster/programs.ts';

/** What a suite finds when it begins. */
export type Needs = 'nothing' | 'cluster' | 'image' | 'product';

export interface Suite {
  needs: Needs;
  /** Programs that the cluster itself does without. */
  programs?: readonly Program[];
  /** Its files do not meet: each has a cluster, or namespaces, of its own. Two at a time is what two cores carry. */
  apart?: true;
  /** Asks for fields that an older API server drops, or does not take: there, nothing is left of what it is about. */
  newestOnly?: true;
}

/** Each a folder of e2e/, in this order: those that find fault with the ground come before those that stand on it. */
export const SUITES: Record<string, Suite> = {
  cluster: { needs: 'nothing', apart: true },
  floor: { needs: 'nothing' },
  callers: { needs: 'nothing' },
  kube: { needs: 'cluster' },
  api: { needs: 'cluster' },
  rules: { needs: 'cluster' },
  webhook: { needs: 'cluster' },
  chart: { needs: 'image', programs: ['helm3'] },
  'cert-manager': { needs: 'image', programs: ['cert-manager'] },
  grant: { needs: 'product', apart: true },
  escapes: { needs: 'product', newestOnly: true },
  comparison: { needs: 'product', newestOnly: true },
  disruption: { needs: 'product' },
  starving: { needs: 'product' },
};
