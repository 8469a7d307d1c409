/** Everything in a pod that asks for identity. */
import type { Pod, PodSpec } from '../../api/kubernetes.ts';
import { ephemeralContainers, images } from './images.ts';
import { nodeAccess } from './node-access.ts';
import type { IdentityRequest } from './request.ts';
import { resourceClaims } from './resource-claims.ts';
import { secrets, unknownEnvironments } from './secrets.ts';
import { automount, serviceAccounts } from './service-account.ts';
import { tokens } from './tokens.ts';
import { unknownVolumes } from './volumes.ts';

/** Finds the requests of one kind. */
type Collector = (spec: PodSpec) => Iterable<IdentityRequest>;

const COLLECTORS: readonly Collector[] = [
  serviceAccounts,
  automount,
  tokens,
  secrets,
  images,
  ephemeralContainers,
  nodeAccess,
  resourceClaims,
  unknownVolumes,
  unknownEnvironments,
];

/** One normalised list, in no particular order; a pod without a spec asks for nothing. */
export function identityRequestsOf({ spec }: Pick<Pod, 'spec'>): IdentityRequest[] {
  return spec ? COLLECTORS.flatMap((collect) => [...collect(spec)]) : [];
}

/** What the later pod asks for and the earlier one did not, at the same place with the same value. */
export function addedRequests(before: Pick<Pod, 'spec'>, after: Pick<Pod, 'spec'>): IdentityRequest[] {
  const asked = new Set(identityRequestsOf(before).map((request) => JSON.stringify(request)));
  return identityRequestsOf(after).filter((request) => !asked.has(JSON.stringify(request)));
}
