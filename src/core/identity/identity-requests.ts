/** Everything in a pod that asks for identity. */
import { certificates } from './certificates.ts';
import { devices } from './devices.ts';
import { externalIdentities, type ExternalKeys } from './external-identity.ts';
import { ephemeralContainers, images, sharedProcesses } from './images.ts';
import { nodeAccess } from './node-access.ts';
import type { IdentityRequest } from './request.ts';
import { secrets } from './secrets.ts';
import { automount, serviceAccounts } from './service-account.ts';
import type { Reading } from './reading.ts';
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

/**
 * One normalised list, in no particular order; a pod without a spec asks for nothing. Of a pod that is not shaped as a pod is,
 * that alone is said: what it asks for cannot be told.
 */
export function identityRequestsOf(
  reading: Reading,
  { surroundings, externalKeys }: IdentityContext,
): IdentityRequest[] {
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

/** What a change to a pod does to what it asks for. */
export interface RequestChange {
  /** What the pod asked for before. */
  asked: readonly IdentityRequest[];
  /** What it asks for now and did not ask for before, at the same place with the same value. */
  added: readonly IdentityRequest[];
}

/** What the pod's references lead to was judged when it was created: those cannot be changed. */
export function requestChange(before: Reading, after: Reading, externalKeys: ExternalKeys): RequestChange {
  const context = { surroundings: NO_SURROUNDINGS, externalKeys };
  const asked = identityRequestsOf(before, context);
  const known = new Set(asked.map((request) => JSON.stringify(request)));
  const added = identityRequestsOf(after, context).filter((request) => !known.has(JSON.stringify(request)));
  return { asked, added };
}
