/** The label by which a namespace has its pods judged. */
import { ENFORCE_LABEL, isLevel, LEVELS, type Level } from '../../api/group.ts';
import type { Namespace } from '../../api/kubernetes.ts';
import type { Violation } from '../decision/violation.ts';

/** The level that a label's value means: one that is no level is the strictest, as nobody can have meant less. */
export function levelOf(value: string | undefined): Level | undefined {
  if (value === undefined) return undefined;
  return value === 'granted' ? 'granted' : 'required';
}

/** The strictest level that any of the labels' values means. */
export function strictestLevel(values: readonly (string | undefined)[]): Level | undefined {
  const levels = values.map(levelOf);
  return levels.includes('required') ? 'required' : levels.find((level) => level !== undefined);
}

/** Whether the change would end, or garble, the judging of pods under a grant that has rights. */
export function judgeNamespaceLabel(before: Namespace, after: Namespace, activeGrants: number): Violation[] {
  const [was, is] = [before, after].map(({ metadata }) => metadata.labels?.[ENFORCE_LABEL]);
  if (was === is || was === undefined || isLevel(is) || activeGrants === 0) return [];
  return [
    {
      code: 'NamespaceLabelHeld',
      path: `metadata.labels[${ENFORCE_LABEL}]`,
      asked: is ?? 'no label',
      allowed: LEVELS.join(' or '),
      fix: `revoke the ${activeGrants === 1 ? 'grant' : `${activeGrants} grants`} of the namespace first, or wait for their end`,
    },
  ];
}
