/** What a grant says of time. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { isDuration } from '../duration.ts';

/** The CRD’s own rules say the same, as long as they are there. Without them a grant whose duration nobody can read would have no end. */
export function durationsAreRead({ spec }: Pick<TaskGrant, 'spec'>): Violation[] {
  return (['duration', 'ttlAfterFinished'] as const).flatMap((field) =>
    isDuration(spec[field])
      ? []
      : [
          {
            code: 'DurationUnreadable' as const,
            path: `spec.${field}`,
            asked: JSON.stringify(spec[field]),
            allowed: 'hours, minutes and seconds, such as 1h30m',
            fix: 'write whole numbers of h, m and s, in this order',
          },
        ],
  );
}
