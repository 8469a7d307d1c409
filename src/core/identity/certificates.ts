import type { PodSpec } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';
import { projectedSources } from './volumes.ts';

/** What the API server fills in where a source names no lifetime: a day (core/v1, PodCertificateProjection). */
export const DEFAULT_CERTIFICATE_SECONDS = 86_400;

/** Every certificate that the kubelet asks a signer for, and every trust bundle. */
export function* certificates(spec: PodSpec): Generator<IdentityRequest<'Certificate' | 'TrustBundle'>> {
  for (const { path, source } of projectedSources(spec)) {
    const { podCertificate, clusterTrustBundle } = source;
    if (podCertificate) {
      const { signerName, keyType, maxExpirationSeconds, userAnnotations = {} } = podCertificate;
      yield {
        kind: 'Certificate',
        value: {
          signerName,
          keyType,
          maxExpirationSeconds: maxExpirationSeconds ?? DEFAULT_CERTIFICATE_SECONDS,
          userAnnotations,
        },
        path: `${path}.podCertificate`,
      };
    }
    if (clusterTrustBundle) {
      const value = clusterTrustBundle.signerName ?? clusterTrustBundle.name ?? '';
      yield { kind: 'TrustBundle', value, path: `${path}.clusterTrustBundle` };
    }
  }
}
