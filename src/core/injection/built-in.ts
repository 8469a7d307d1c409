/**
 * What the API server's own ServiceAccount plugin puts into a pod for the `default` account before any webhook runs
 * (kubernetes 1.37, plugin/pkg/admission/serviceaccount/admission.go), so that it can be taken out again.
 */
import canonicalize from 'canonicalize';
import { EXTENDED_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import type { Container, PodSpec } from '../../api/kubernetes.ts';
import { API_ACCESS_PATH } from '../identity/token-paths.ts';
import type { ProjectedSource } from '../identity/volumes.ts';

/** `kube-api-access-` and five characters of the alphabet of generated names (apimachinery, util/rand). */
const BUILT_IN_NAME = /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/** What besides the token an in-cluster client reads: the API server's CA, and the pod's namespace. */
export const API_ACCESS_SOURCES: readonly ProjectedSource[] = [
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  {
    downwardAPI: {
      items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
    },
  },
];

/** The mode that the API server fills in for projected volumes, 0644. */
const DEFAULT_MODE = 420;

const BUILT_IN_SOURCE = canonicalize({
  projected: {
    defaultMode: DEFAULT_MODE,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: EXTENDED_TOKEN_SECONDS } },
      ...API_ACCESS_SOURCES,
    ],
  },
});

/**
 * The spec without the plugin's volume and mounts. A volume is the plugin's own only where its name, its contents and
 * every mount of it are as the plugin writes them: the name alone is the author's, because the plugin adopts any volume
 * whose name begins so, and mounts it.
 */
export function withoutBuiltInToken(spec: PodSpec): PodSpec {
  const volume = spec.volumes?.find(
    ({ name, ...source }) => BUILT_IN_NAME.test(name) && isWrittenAs(BUILT_IN_SOURCE, source),
  );
  if (!volume) return spec;
  const builtInMount = canonicalize({ name: volume.name, readOnly: true, mountPath: API_ACCESS_PATH });
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const itsMounts = containers.flatMap(({ volumeMounts = [] }) =>
    volumeMounts.filter(({ name }) => name === volume.name),
  );
  if (!itsMounts.every((mount) => isWrittenAs(builtInMount, mount))) return spec;

  const withoutMount = (container: Container): Container => {
    const { volumeMounts, ...rest } = container;
    const left = volumeMounts?.filter(({ name }) => name !== volume.name) ?? [];
    return left.length > 0 ? { ...rest, volumeMounts: left } : rest;
  };
  const { volumes = [], initContainers, ...rest } = spec;
  const left = volumes.filter((other) => other !== volume);
  return {
    ...rest,
    ...(left.length > 0 && { volumes: left }),
    ...(initContainers && { initContainers: initContainers.map(withoutMount) }),
    containers: spec.containers.map(withoutMount),
  };
}

/** Half a surrogate and Infinity have no canonical form: what has them is nobody's but its author's. */
function isWrittenAs(canonical: string | undefined, value: unknown): boolean {
  try {
    return canonicalize(value) === canonical;
  } catch {
    return false;
  }
}

/**
 * The spec without the pull secrets that were copied from the `default` account. The plugin copies the account's whole
 * list, in order, into a pod that has none, so a list that is exactly the account's is taken for the copy. What its
 * author may have written himself is kept where it matters: a Secret of the envelope stays.
 *
 * @param ofDefaultAccount the names in the `default` account's imagePullSecrets
 * @param granted the Secrets of the envelope
 */
export function withoutCopiedPullSecrets(
  spec: PodSpec,
  ofDefaultAccount: readonly string[],
  granted: readonly string[],
): PodSpec {
  const { imagePullSecrets = [], ...rest } = spec;
  const names = imagePullSecrets.map(({ name }) => name);
  const isCopy =
    names.length === ofDefaultAccount.length &&
    names.every((name, index) => name === ofDefaultAccount[index]);
  if (names.length === 0 || !isCopy) return spec;
  const left = imagePullSecrets.filter(({ name }) => name !== undefined && granted.includes(name));
  return { ...rest, ...(left.length > 0 && { imagePullSecrets: left }) };
}
