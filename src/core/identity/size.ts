/** How much of a pod is looked at. What has more is no pod that anybody needs, and others wait while it is judged. */
import { isRecord } from '../record.ts';
import { CONTAINER_LISTS } from './containers.ts';
import type { IdentityRequest } from './request.ts';

/** Of all kinds together; and each has an image, which is compared with every pattern of the grant. */
export const MOST_CONTAINERS = 500;
export const MOST_VOLUMES = 500;
/** Ten times what fifty containers with a hundred volumes and a Secret each ask for. */
export const MOST_REQUESTS = 5000;

/** What a pod has too many of; undefined where that is nothing. Of whatever stands in place of a pod, too. */
export function tooMuchIn(pod: { spec?: unknown }): IdentityRequest<'Unjudged'> | undefined {
  const { spec } = pod;
  if (!isRecord(spec)) return undefined;
  const lengthOf = (list: string): number => {
    const items = spec[list];
    return Array.isArray(items) ? items.length : 0;
  };
  const containers = CONTAINER_LISTS.reduce((sum, list) => sum + lengthOf(list), 0);
  if (containers > MOST_CONTAINERS) return tooMany(containers, MOST_CONTAINERS, 'containers', 'spec');
  const volumes = lengthOf('volumes');
  return volumes > MOST_VOLUMES ? tooMany(volumes, MOST_VOLUMES, 'volumes', 'spec.volumes') : undefined;
}

/** The first requests, and that there are more where there are. */
export function notTooMany(requests: Iterable<IdentityRequest>): IdentityRequest[] {
  const found: IdentityRequest[] = [];
  for (const request of requests) {
    if (found.length === MOST_REQUESTS)
      return [tooMany('more', MOST_REQUESTS, 'requests for identity', 'spec')];
    found.push(request);
  }
  return found;
}

function tooMany(
  count: number | 'more',
  most: number,
  what: string,
  path: string,
): IdentityRequest<'Unjudged'> {
  return { kind: 'Unjudged', value: { what: `${count} ${what}`, known: `at most ${most} ${what}` }, path };
}
