import type { PodSpec } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';

/** Devices by dynamic resource allocation (KEP-4381): a driver decides what comes with them. */
export function* resourceClaims(spec: PodSpec): Generator<IdentityRequest<'Unjudged'>> {
  for (const index of (spec.resourceClaims ?? []).keys()) {
    yield {
      kind: 'Unjudged',
      value: { what: 'a resource claim', known: ['no resource claims'] },
      path: `spec.resourceClaims[${index}]`,
    };
  }
}
