/** Who asked for a grant, as the API server says and as the grant records it. */
import { isDeepStrictEqual } from 'node:util';
import type { UserInfo } from '../api/kubernetes.ts';
import type { RequestedBy } from '../api/taskgrant.ts';

/** `spec.requestedBy` for this user; what the authenticator did not say is left out. */
export function requestedBy({ username = '', uid, groups = [], extra = {} }: UserInfo): RequestedBy {
  return {
    username,
    ...(uid !== undefined && uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

/** Whether the record says exactly what the API server says now. */
export function isStampedFor(user: UserInfo, record: RequestedBy | undefined): boolean {
  return isDeepStrictEqual(record, requestedBy(user));
}
