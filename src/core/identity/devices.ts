/** Devices, by dynamic resource allocation (KEP-4381) or as extended resources. */
import type { PodSpec, ResourceClaim, ResourceClaimTemplate } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';
import type { Surroundings } from './surroundings.ts';

/** How resource claims are followed, in the pod's namespace; each answers undefined where there is no such object. */
export interface DeviceLookups {
  resourceClaim(name: string): Promise<Pick<ResourceClaim, 'spec'> | undefined>;
  resourceClaimTemplate(name: string): Promise<Pick<ResourceClaimTemplate, 'spec'> | undefined>;
}

/** What a resource claim asks for, or why that cannot be told. */
export type ClaimedDevices =
  | { classes: readonly string[]; /** Every device of the class, in use or not. */ adminAccess: boolean }
  | { unresolved: string };

export const NO_DEVICES: ReadonlyMap<string, ClaimedDevices> = new Map();

/** How many resource claims of a pod are followed: as many as one claim may have devices (resource/v1, AllocationResultsMaxSize). */
const MOST_CLAIMS = 32;

/** What each claim of the pod asks for, by its path. */
export async function devicesOf(
  spec: PodSpec,
  lookups: DeviceLookups,
): Promise<ReadonlyMap<string, ClaimedDevices>> {
  if (!spec.resourceClaims?.length) return NO_DEVICES;
  const found = [...spec.resourceClaims.entries()].map(async ([index, reference]) => {
    const devices: ClaimedDevices =
      index >= MOST_CLAIMS
        ? { unresolved: `more than ${MOST_CLAIMS} resource claims are not followed` }
        : await claimedBy(reference, lookups);
    return [`spec.resourceClaims[${index}]`, devices] as const;
  });
  return new Map(await Promise.all(found));
}

type Reference = NonNullable<PodSpec['resourceClaims']>[number];
type ClaimSpec = NonNullable<ResourceClaim['spec']>;

async function claimedBy(
  { resourceClaimName, resourceClaimTemplateName }: Reference,
  lookups: DeviceLookups,
): Promise<ClaimedDevices> {
  if (resourceClaimName !== undefined) {
    const claim = await lookups.resourceClaim(resourceClaimName);
    return claim ? askedBy(claim.spec) : { unresolved: `no such ResourceClaim: ${resourceClaimName}` };
  }
  if (resourceClaimTemplateName !== undefined) {
    const template = await lookups.resourceClaimTemplate(resourceClaimTemplateName);
    return template
      ? askedBy(template.spec.spec)
      : { unresolved: `no such ResourceClaimTemplate: ${resourceClaimTemplateName}` };
  }
  return { unresolved: 'it names neither a claim nor a template' };
}

function askedBy({ devices }: ClaimSpec): ClaimedDevices {
  const requests = devices?.requests ?? [];
  const exact = requests.flatMap(({ exactly, firstAvailable = [] }) => [
    ...(exactly ? [exactly] : []),
    ...firstAvailable,
  ]);
  // A request that is neither is of an API that is not known here.
  if (requests.some(({ exactly, firstAvailable }) => !exactly && !firstAvailable))
    return { unresolved: 'it asks for devices in a way that is not known' };
  return {
    classes: [...new Set(exact.map(({ deviceClassName }) => deviceClassName))],
    adminAccess: requests.some(({ exactly }) => exactly?.adminAccess === true),
  };
}

type DeviceRequest = IdentityRequest<'Device' | 'NodeAccess' | 'Unresolved'>;

/** The classes of all claims, and all extended resources. */
export function* devices(spec: PodSpec, surroundings: Surroundings): Generator<DeviceRequest> {
  for (const index of (spec.resourceClaims ?? []).keys()) {
    const path = `spec.resourceClaims[${index}]`;
    yield* claimed(path, surroundings.devices.get(path) ?? { unresolved: 'it was not looked up' });
  }
  for (const { path, container } of containersOf(spec)) {
    yield* extendedResources(container.resources, `${path}.resources`);
  }
  yield* extendedResources(spec.resources, 'spec.resources');
}

function* claimed(path: string, devices: ClaimedDevices): Generator<DeviceRequest> {
  if ('unresolved' in devices) {
    yield { kind: 'Unresolved', value: { what: 'the resource claim', why: devices.unresolved }, path };
    return;
  }
  for (const value of devices.classes) yield { kind: 'Device', value, path };
  if (devices.adminAccess) yield { kind: 'NodeAccess', value: 'devices with adminAccess', path };
}

type Resources = PodSpec['resources'];

/** Names by which a DeviceClass can be had as an extended resource (resource/v1, ResourceDeviceClassPrefix). */
const DEVICE_CLASS_PREFIX = 'deviceclass.resource.kubernetes.io/';

function* extendedResources(resources: Resources, path: string): Generator<IdentityRequest<'Device'>> {
  if (!resources) return;
  for (const list of ['limits', 'requests'] as const) {
    const amounts = resources[list];
    for (const name in amounts) {
      if (!Object.hasOwn(amounts, name) || !isExtended(name)) continue;
      const value = name.startsWith(DEVICE_CLASS_PREFIX) ? name.slice(DEVICE_CLASS_PREFIX.length) : name;
      yield { kind: 'Device', value, path: `${path}.${list}[${name}]` };
    }
  }
}

/** Resources of Kubernetes itself have no domain, or one that ends in kubernetes.io (core/v1 helpers, IsNativeResource). */
function isExtended(name: string): boolean {
  if (name.startsWith(DEVICE_CLASS_PREFIX)) return true;
  return name.includes('/') && !name.includes('kubernetes.io/');
}
