/** What a pod's references lead to. It is looked up before anything is judged, so that judging itself is a pure function. */
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import {
  backingsOfClaim,
  backingsOfEphemeral,
  driverOfType,
  type Backing,
  type StorageLookups,
} from './backing.ts';
import { devicesOf, NO_DEVICES, type ClaimedDevices, type DeviceLookups } from './devices.ts';
import type { Reading } from './reading.ts';
import { DEFAULT_SERVICE_ACCOUNT } from './service-account.ts';

/** How a reference is followed. Each answers undefined where there is no such object. */
export interface Lookups extends StorageLookups, DeviceLookups {
  /** The annotations of a service account of the pod's namespace. */
  accountAnnotations(name: string): Promise<Readonly<Record<string, string>> | undefined>;
}

export interface Surroundings {
  /** What stands, or may come to stand, behind a volume that is a claim, by its path: `spec.volumes[0]`. */
  backings: ReadonlyMap<string, readonly Backing[]>;
  /** The audiences and lifetimes of the tokens that each CSI driver is handed, by its name; or why that cannot be told. */
  driverTokens: ReadonlyMap<string, readonly DriverTokenRequest[] | { unresolved: string }>;
  /** What a resource claim asks for, by its path: `spec.resourceClaims[0]`. */
  devices: ReadonlyMap<string, ClaimedDevices>;
  /** Those of the pod's service account. */
  accountAnnotations: Readonly<Record<string, string>>;
}

/** As the driver's object says it: storage/v1, TokenRequest. */
export interface DriverTokenRequest {
  audience: string;
  expirationSeconds?: number;
}

/** Of a pod that refers to nothing. */
export const NO_SURROUNDINGS: Surroundings = {
  backings: new Map(),
  driverTokens: new Map(),
  devices: NO_DEVICES,
  accountAnnotations: {},
};

/**
 * How many claims, and how many drivers, of a pod are followed: far more than a node can attach for one pod, and few enough that nobody makes a
 * thousand reads out of one request. The others count as unresolved.
 */
export const MOST_FOLLOWED = 64;

/** Follows every reference of the pod, as far as that has to be known to judge it. */
export async function surroundingsOf({ pod }: Reading, lookups: Lookups): Promise<Surroundings> {
  const spec = pod?.spec;
  if (!spec) return NO_SURROUNDINGS;
  const volumes = [...(spec.volumes ?? []).entries()];
  const claims = volumes.filter(([, volume]) => volume.persistentVolumeClaim ?? volume.ephemeral);
  const backings = new Map<string, readonly Backing[]>(
    await Promise.all(
      claims.map(async ([index, volume], count) => {
        const its: readonly Backing[] =
          count >= MOST_FOLLOWED
            ? [{ unresolved: `more than ${MOST_FOLLOWED} claims are not followed` }]
            : volume.persistentVolumeClaim
              ? await backingsOfClaim(volume.persistentVolumeClaim.claimName, lookups)
              : await backingsOfEphemeral(volume.ephemeral?.volumeClaimTemplate, lookups);
        return [`spec.volumes[${index}]`, its] as const;
      }),
    ),
  );
  const drivers = new Set([
    ...[...backings.values()].flat().flatMap((backing) => ('driver' in backing ? [backing.driver] : [])),
    ...volumes.flatMap(([, volume]) => volume.csi?.driver ?? driverOfType(volume) ?? []),
  ]);
  const driverTokens = new Map(
    await Promise.all(
      [...drivers].map(async (name, count) => {
        const tokens =
          count >= MOST_FOLLOWED
            ? { unresolved: `more than ${MOST_FOLLOWED} drivers are not followed` }
            : ((await lookups.driver(name))?.spec.tokenRequests ?? []);
        return [name, tokens] as const;
      }),
    ),
  );
  const account = spec.serviceAccountName || spec.serviceAccount || DEFAULT_SERVICE_ACCOUNT;
  return {
    backings,
    driverTokens,
    devices: await devicesOf(spec, lookups),
    accountAnnotations: await annotationsOf(account, lookups),
  };
}

/** Of an account that a pod may have without being refused for it alone: others are nobody's business here. */
async function annotationsOf(account: string, lookups: Lookups): Promise<Surroundings['accountAnnotations']> {
  const mayBeHad = account === DEFAULT_SERVICE_ACCOUNT || account.startsWith(SERVICE_ACCOUNT_PREFIX);
  return (mayBeHad ? await lookups.accountAnnotations(account) : undefined) ?? {};
}
