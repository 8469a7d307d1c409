/** The pod that is always refused, by which the controller sees that admission is in force. */
import { GRANT_LABEL } from '../../api/group.ts';
import type { Pod } from '../../api/kubernetes.ts';
import { labelOf } from '../record.ts';
import type { Violation } from './violation.ts';

/** No other pod may have this name while it carries the grant label. */
export const ENFORCEMENT_PROBE_POD = 'taskgrant-enforcement-probe';

/** What the answer to the probe has to contain: any other refusal proves something else. */
export const ENFORCEMENT_PROBE_CODE = 'EnforcementProbe' satisfies Violation['code'];

export function isEnforcementProbe(pod: Pick<Pod, 'metadata'>): boolean {
  return labelOf(pod, GRANT_LABEL) !== undefined && pod.metadata.name === ENFORCEMENT_PROBE_POD;
}

export function enforcementProbeRefusal(): Violation {
  return {
    code: ENFORCEMENT_PROBE_CODE,
    path: 'metadata.name',
    asked: ENFORCEMENT_PROBE_POD,
    allowed: 'the controller’s probe',
    fix: 'nothing: this refusal proves that admission is in force',
  };
}
