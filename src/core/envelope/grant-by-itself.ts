/** A new grant, judged by nothing but what it says. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import type { ExternalKeys } from '../identity/external-identity.ts';
import { audiencesNamedOnce } from './audience.ts';
import { completionInReach } from './completion.ts';
import { conditionFaults } from './conditions.ts';
import { durationsAreRead } from './durations.ts';
import { externalKeysOf } from './external-identity.ts';
import { nameFits } from './grant-name.ts';
import { imagePatternsOf } from './image-pattern.ts';
import { rulesSpelledRight } from './rule-spelling.ts';
import { unsupportedInGrant } from './supported.ts';

export interface Conventions {
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
  /** By what other identity systems go. */
  externalKeys: ExternalKeys;
}

/** Everything that is wrong with it whoever asks, and whatever its class: at admission as in a file. */
export function judgeGrantByItself(
  grant: TaskGrant,
  { apiAudiences, externalKeys }: Conventions,
): Violation[] {
  return [
    ...nameFits(grant),
    ...unsupportedInGrant(grant),
    ...durationsAreRead(grant),
    ...completionInReach(grant),
    ...imagePatternsOf(grant.spec.workload.images),
    ...rulesSpelledRight(grant),
    ...audiencesNamedOnce(grant, apiAudiences),
    ...externalKeysOf(grant, externalKeys),
    ...conditionFaults(grant),
  ];
}
