/** Mounts and files that stand where programs look for their token: a pod that finds none there asks its node. */
import type { PodSpec, Volume } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';
import { API_ACCESS_PATH, OTHER_TOKENS_PATH } from './token-paths.ts';
import type { ProjectedSource } from './volumes.ts';

/** Mounts at or below a token's folder, of volumes that hold no token; and files that two sources of one volume write. */
export function* tokenShadows(spec: PodSpec): Generator<IdentityRequest<'TokenShadow'>> {
  const volumes = spec.volumes ?? [];
  const withToken = new Set(volumes.filter(holdsToken).map(({ name }) => name));
  for (const [index, volume] of volumes.entries()) {
    yield* collisions(volume, `spec.volumes[${index}]`);
  }
  for (const { path, container } of containersOf(spec)) {
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      if (!isTokenPlace(mount.mountPath)) continue;
      const isWhole = !mount.subPath && !mount.subPathExpr;
      if (isWhole && withToken.has(mount.name)) continue;
      const value = { at: mount.mountPath, by: `volume ${mount.name}` };
      yield { kind: 'TokenShadow', value, path: `${path}.volumeMounts[${index}].mountPath` };
    }
    for (const [index, { devicePath }] of (container.volumeDevices ?? []).entries()) {
      if (!isTokenPlace(devicePath)) continue;
      yield {
        kind: 'TokenShadow',
        value: { at: devicePath, by: 'a device' },
        path: `${path}.volumeDevices[${index}].devicePath`,
      };
    }
  }
}

/**
 * Whether a path is a token's folder or within one, however it is spelled: with more slashes or dots, or by /run, which
 * /var/run is a link to in most images. What is above is none: runtimes mount the deeper path on top.
 */
function isTokenPlace(mountPath: string): boolean {
  const segments: string[] = [];
  for (const segment of mountPath.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const normal = `/${(segments[0] === 'run' ? ['var', ...segments] : segments).join('/')}`;
  return [API_ACCESS_PATH, OTHER_TOKENS_PATH].some(
    (folder) => normal === folder || normal.startsWith(`${folder}/`),
  );
}

function holdsToken({ projected }: Volume): boolean {
  return projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken) ?? false;
}

/** Of two sources that write one file the later wins, and the API server only warns (kubernetes, pkg/volume/projected, collectData). */
function* collisions({ projected }: Volume, path: string): Generator<IdentityRequest<'TokenShadow'>> {
  const tokens = new Set<string>();
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const files = filesOf(source);
    // Where nothing says which files it writes, it may write any.
    const at = files ? files.find((file) => tokens.has(normalFile(file))) : first(tokens);
    if (at !== undefined) {
      const value = { at, by: 'a later source of the same volume' };
      yield { kind: 'TokenShadow', value, path: `${path}.projected.sources[${index}]` };
    }
    if (source.serviceAccountToken) tokens.add(normalFile(source.serviceAccountToken.path));
  }
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}

/** Which files a source writes; undefined where its object's keys decide, as they do where no items are listed. */
function filesOf(source: ProjectedSource): string[] | undefined {
  const { configMap, secret, downwardAPI, clusterTrustBundle, podCertificate, serviceAccountToken } = source;
  const keyed = configMap ?? secret;
  if (keyed) return keyed.items?.length ? keyed.items.map(({ path }) => path) : undefined;
  return [
    ...(downwardAPI?.items ?? []).map(({ path }) => path),
    ...[clusterTrustBundle?.path, serviceAccountToken?.path],
    ...[podCertificate?.credentialBundlePath, podCertificate?.keyPath, podCertificate?.certificateChainPath],
  ].filter((file) => file !== undefined);
}

function normalFile(file: string): string {
  return file
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}
