import type { PodSpec, Volume } from '../../api/kubernetes.ts';
import { driverOfType, type Backing } from './backing.ts';
import type { CsiDriver, IdentityRequest } from './request.ts';
import type { Surroundings } from './surroundings.ts';
import { projectedSources } from './volumes.ts';

/** What the API server fills in where nothing says how long (core/v1, ServiceAccountTokenProjection; authentication/v1, TokenRequest). */
export const DEFAULT_TOKEN_SECONDS = 3600;

/** Every projected service account token. */
export function* tokens(spec: PodSpec): Generator<IdentityRequest<'Token'>> {
  for (const { path, source } of projectedSources(spec)) {
    if (!source.serviceAccountToken) continue;
    const { audience, expirationSeconds, path: file } = source.serviceAccountToken;
    yield {
      kind: 'Token',
      value: {
        audience: spelledOut(audience),
        expirationSeconds: expirationSeconds ?? DEFAULT_TOKEN_SECONDS,
        file,
      },
      path: `${path}.serviceAccountToken`,
    };
  }
}

/** Every storage driver, and what tokens of the pod it is handed (KEP-1855). */
export function* drivers(
  spec: PodSpec,
  { backings, driverTokens }: Surroundings,
): Generator<IdentityRequest<'CsiDriver' | 'DriverToken' | 'Unresolved'>> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const place = `spec.volumes[${index}]`;
    for (const { driver, by, field } of driversOf(volume, backings.get(place))) {
      const path = place + field;
      const minted = driverTokens.get(driver) ?? [];
      if ('unresolved' in minted) {
        yield { kind: 'CsiDriver', value: { name: driver, by, mints: false }, path };
        yield { kind: 'Unresolved', value: { what: `driver ${driver}`, why: minted.unresolved }, path };
        continue;
      }
      yield { kind: 'CsiDriver', value: { name: driver, by, mints: minted.length > 0 }, path };
      for (const { audience, expirationSeconds } of minted) {
        yield {
          kind: 'DriverToken',
          value: {
            driver,
            audience: spelledOut(audience),
            expirationSeconds: expirationSeconds ?? DEFAULT_TOKEN_SECONDS,
          },
          path,
        };
      }
    }
  }
}

interface Mounting {
  driver: string;
  by: CsiDriver['by'];
  /** Of the volume, with a dot before it; empty where it is the volume as a whole. */
  field: string;
}

/** The driver that mounts a volume, or each that may, how the pod came to it, and by which field. */
function driversOf(volume: Volume, backings: readonly Backing[] = []): Mounting[] {
  if (volume.csi) return [{ driver: volume.csi.driver, by: 'inline', field: '.csi.driver' }];
  const driver = driverOfType(volume);
  if (driver !== undefined) return [{ driver, by: 'type', field: '' }];
  return backings.flatMap((backing) =>
    'driver' in backing ? [{ driver: backing.driver, by: 'claim', field: '' }] : [],
  );
}

/** The API server takes an empty audience for an omitted one. */
function spelledOut(audience: string | undefined): string | undefined {
  return audience === '' ? undefined : audience;
}
