/** Everything in a pod that asks for identity. */
import type { Pod } from '../../api/kubernetes.ts';
import { certificates } from './certificates.ts';
import { devices } from './devices.ts';
import { externalIdentities, type ExternalKeys } from './external-identity.ts';
import { ephemeralContainers, images, sharedProcesses } from './images.ts';
import { nodeAccess } from './node-access.ts';
import type { IdentityRequest } from './request.ts';
import { secrets } from './secrets.ts';
import { automount, serviceAccounts } from './service-account.ts';
import { readPod } from './reading.ts';
import type { ShapeFault } from './shape.ts';
import { NO_SURROUNDINGS, type Surroundings } from './surroundings.ts';
import { tokenShadows } from './token-shadow.ts';
import { drivers, tokens } from './tokens.ts';
import { nodeVolumes } from './volumes.ts';

/** What has to be known to tell what a pod asks for, besides the pod. */
export interface IdentityContext {
  surroundings: Surroundings;
  /** By what other identity systems go. */
  externalKeys: ExternalKeys;
}

type PodLike = Pick<Pod, 'metadata' | 'spec'>;

/**
 * One normalised list, in no particular order; a pod without a spec asks for nothing. Of a pod that is not shaped as a pod is,
 * that alone is said: what it asks for cannot be told.
 */
export function identityRequestsOf(
  pod: PodLike,
  { surroundings, externalKeys }: IdentityContext,
): IdentityRequest[] {
  const reading = readPod(pod);
  const faults = reading.faults.map(unjudged);
  if (!reading.pod?.spec) return faults;
  const { metadata, spec } = reading.pod;
  return [
    ...serviceAccounts(spec),
    ...automount(spec),
    ...tokens(spec),
    ...drivers(spec, surroundings),
    ...certificates(spec),
    ...secrets(spec),
    ...externalIdentities(metadata, surroundings.accountAnnotations, externalKeys),
    ...images(spec),
    ...ephemeralContainers(spec),
    ...sharedProcesses(spec),
    ...tokenShadows(spec),
    ...nodeAccess(reading.pod),
    ...nodeVolumes(spec, surroundings),
    ...devices(spec, surroundings),
    ...faults,
  ];
}

/** That something in a pod is not as it has to be. */
export function unjudged({ path, found, expected }: ShapeFault): IdentityRequest<'Unjudged'> {
  return { kind: 'Unjudged', value: { what: found, known: expected }, path };
}

/**
 * What the later pod asks for and the earlier one did not, at the same place with the same value. What its references lead to
 * was judged when it was created: those cannot be changed.
 */
export function addedRequests(
  before: PodLike,
  after: PodLike,
  externalKeys: ExternalKeys,
): IdentityRequest[] {
  const context = { surroundings: NO_SURROUNDINGS, externalKeys };
  const asked = new Set(identityRequestsOf(before, context).map((request) => JSON.stringify(request)));
  return identityRequestsOf(after, context).filter((request) => !asked.has(JSON.stringify(request)));
}
