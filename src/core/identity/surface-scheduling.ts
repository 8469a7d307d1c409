/** The verdicts on what decides where a pod runs, and what may be in its way: see surface.ts. */
import { harmless, leads, type PodSurface } from './verdict.ts';

/** By whom a pod is bound to a node is judged at the binding. */
export const CHOICE_OF_NODE = 'A choice among nodes is not access to one.';

export const SCHEDULING = {
  NodeSelectorRequirement: harmless(CHOICE_OF_NODE, 'key', 'operator', 'values'),
  PreferredSchedulingTerm: harmless(CHOICE_OF_NODE, 'weight'),
  WeightedPodAffinityTerm: harmless(CHOICE_OF_NODE, 'weight'),
  PodAffinityTerm: harmless(
    CHOICE_OF_NODE,
    'topologyKey',
    'namespaces',
    'matchLabelKeys',
    'mismatchLabelKeys',
  ),
  LabelSelector: leads(
    'In a claim’s template it chooses an existing volume; elsewhere nodes and public trust bundles.',
    'matchLabels',
  ),
  LabelSelectorRequirement: leads(
    'In a claim’s template it chooses an existing volume; elsewhere nodes and public trust bundles.',
    'key',
    'operator',
    'values',
  ),
  TopologySpreadConstraint: harmless(
    CHOICE_OF_NODE,
    'topologyKey',
    'maxSkew',
    'minDomains',
    'matchLabelKeys',
    'nodeAffinityPolicy',
    'nodeTaintsPolicy',
    'whenUnsatisfiable',
  ),
  Toleration: harmless(CHOICE_OF_NODE, 'key', 'operator', 'value', 'effect', 'tolerationSeconds'),
  PodSchedulingGate: harmless('Holds the pod back (KEP-3521).', 'name'),
  PodSchedulingGroup: harmless(
    'Pods that are scheduled together; claims of the group come by the pod’s own resourceClaims only (KEP-5729).',
    'podGroupName',
  ),
  EvictionResponder: harmless(
    'Who is asked before an eviction (KEP-4563); a deletion asks nobody.',
    'name',
    'priority',
  ),
} satisfies Partial<PodSurface>;
