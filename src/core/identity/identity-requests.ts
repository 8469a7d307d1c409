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
import { notTooMany, tooMuchIn } from './size.ts';
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
 * that alone is said: what it asks for cannot be told. So it is of one that is more than a pod is.
 */
export function identityRequestsOf(
  reading: Reading,
  { surroundings, externalKeys }: IdentityContext,
): IdentityRequest[] {
  const tooMuch = reading.pod && tooMuchIn(reading.pod);
  return tooMuch ? [tooMuch] : notTooMany(requestsOf(reading, { surroundings, externalKeys }));
}

function* requestsOf(
  { pod, faults }: Reading,
  { surroundings, externalKeys }: IdentityContext,
): Generator<IdentityRequest> {
  if (pod?.spec) {
    const { metadata, spec } = pod;
    yield* serviceAccounts(spec);
    yield* automount(spec);
    yield* tokens(spec);
    yield* drivers(spec, surroundings);
    yield* certificates(spec);
    yield* secrets(spec);
    yield* externalIdentities(metadata, surroundings.accountAnnotations, externalKeys);
    yield* images(spec);
    yield* ephemeralContainers(spec);
    yield* sharedProcesses(spec);
    yield* tokenShadows(spec);
    yield* nodeAccess(pod);
    yield* nodeVolumes(spec, surroundings);
    yield* devices(spec, surroundings);
  }
  for (const fault of faults) yield unjudged(fault);
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

/**
 * What the pod's references lead to was judged when it was created: those cannot be changed. However much there is, all of it is
 * compared: one that was created before pods were judged may be larger than one that is created now.
 */
export function requestChange(before: Reading, after: Reading, externalKeys: ExternalKeys): RequestChange {
  const context = { surroundings: NO_SURROUNDINGS, externalKeys };
  const asked = [...requestsOf(before, context)];
  const known = new Set(asked.map((request) => JSON.stringify(request)));
  const added = [...requestsOf(after, context)].filter((request) => !known.has(JSON.stringify(request)));
  return { asked, added };
}
