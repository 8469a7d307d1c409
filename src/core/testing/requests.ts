/** What a pod asks for, in the shortest form for tests. */
import type { Pod } from '../../api/kubernetes.ts';
import { identityRequestsOf } from '../identity/identity-requests.ts';
import { readPod } from '../identity/reading.ts';
import type { RequestKind } from '../identity/request.ts';
import type { Surroundings } from '../identity/surroundings.ts';
import { aContext } from './judging.ts';

/** Requests of a kind, as path and value. */
export function requestsOf(
  pod: Pod,
  kind: RequestKind,
  surroundings: Partial<Surroundings> = {},
): [path: string, value: unknown][] {
  return identityRequestsOf(readPod(pod), aContext(surroundings))
    .filter((request) => request.kind === kind)
    .map(({ path, value }) => [path, value]);
}
