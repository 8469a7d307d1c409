import type { PodSpec } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';
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
): Generator<IdentityRequest<'CsiDriver' | 'DriverToken'>> {
  for (const [index, { csi }] of (spec.volumes ?? []).entries()) {
    const volume = `spec.volumes[${index}]`;
    const backing = csi ? csi : backings.get(volume);
    if (!backing || !('driver' in backing)) continue;
    const { driver } = backing;
    const path = csi ? `${volume}.csi.driver` : volume;
    const minted = driverTokens.get(driver) ?? [];
    const by = csi ? 'inline' : 'claim';
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

/** The API server takes an empty audience for an omitted one. */
function spelledOut(audience: string | undefined): string | undefined {
  return audience === '' ? undefined : audience;
}
