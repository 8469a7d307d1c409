import type { PodSpec } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';
import { projectedSources } from './volumes.ts';

/** What the API server fills in where a source names no lifetime (core/v1, ServiceAccountTokenProjection). */
export const DEFAULT_TOKEN_SECONDS = 3600;

/** Every projected service account token. */
export function* tokens(spec: PodSpec): Generator<IdentityRequest<'Token'>> {
  for (const { path, source } of projectedSources(spec)) {
    if (!source.serviceAccountToken) continue;
    const { audience, expirationSeconds, path: file } = source.serviceAccountToken;
    yield {
      kind: 'Token',
      value: {
        // The API server takes an empty audience for an omitted one.
        audience: audience === '' ? undefined : audience,
        expirationSeconds: expirationSeconds ?? DEFAULT_TOKEN_SECONDS,
        file,
      },
      path: `${path}.serviceAccountToken`,
    };
  }
}
