/** The name of a grant, from which others are derived. */
import { MAX_GRANT_NAME_LENGTH } from '../../api/group.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';

export function nameFits({ metadata }: Pick<TaskGrant, 'metadata'>): Violation[] {
  const { length } = metadata.name;
  if (length <= MAX_GRANT_NAME_LENGTH) return [];
  return [
    {
      code: 'NameTooLong',
      path: 'metadata.name',
      asked: `${length} characters`,
      allowed: String(MAX_GRANT_NAME_LENGTH),
      fix: 'choose a shorter name',
    },
  ];
}
