/** What of all that guards grants is not as it was installed. */
import { customResourceDefinition, KINDS } from '../../api/crd.ts';
import { PART_OF, PART_OF_LABEL } from '../../api/group.ts';
import type { CustomResourceDefinition, KubernetesObject } from '../../api/kubernetes.ts';
import { definitionLacks } from './definition.ts';
import { firstDifference } from './difference.ts';
import { contentOf, isOfEnforcement, nameOfGuard, type Guard, type Guards } from './guards.ts';

/** What the release has installed, as the ConfigMap says that it keeps for this. */
export interface Installed {
  now: Guards;
  /** As it was until a moment ago: an upgrade writes one object after the other. */
  before?: Guards;
}

export interface Verdict {
  /** As it is there, or as it was installed where it is not. */
  object: KubernetesObject;
  /** What is wrong with it; undefined where it is as it has to be. */
  wrong: string | undefined;
  /** That it is not there. */
  isMissing?: true;
}

/** Of every guard that was installed. */
export function judgeGuards({ now, before }: Installed, found: Guards): Verdict[] {
  return [...now].map(([name, guard]) => {
    const there = found.get(name);
    const difference = differenceOf(guard, there);
    const isFromBefore = before !== undefined && differenceOf(before.get(name), there) === undefined;
    const wrong = isFromBefore ? undefined : difference;
    return { object: there ?? guard, wrong, ...(!there && { isMissing: true }) };
  });
}

/** Of policies, only those with the label are read. */
const GONE_POLICY = `it is gone, or does not carry the label ${PART_OF_LABEL}=${PART_OF} any more`;

function differenceOf(installed: Guard | undefined, found: Guard | undefined): string | undefined {
  if (!installed) return found && 'it was not installed';
  if (!found) return isOfEnforcement(installed) ? 'it is gone' : GONE_POLICY;
  return firstDifference(contentOf(installed), contentOf(found));
}

/** Of the two definitions, which are not the release's: a Job brings them to its version, and a rollback leaves them. */
export function judgeDefinitions(found: readonly CustomResourceDefinition[]): Verdict[] {
  return KINDS.map((kind) => {
    const wanted = customResourceDefinition(kind) as CustomResourceDefinition;
    const there = found.find(({ metadata }) => metadata.name === wanted.metadata.name);
    return { object: there ?? wanted, wrong: definitionLacks(wanted, there) };
  });
}

export function nameOf({ object }: Verdict): string {
  return nameOfGuard(object);
}
