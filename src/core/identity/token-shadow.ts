/** Mounts and files that stand where programs look for their token: a pod that finds none there asks its node. */
import type { PodSpec } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';
import { API_ACCESS_PATH, OTHER_TOKENS_PATH } from './token-paths.ts';
import type { ProjectedSource } from './volumes.ts';

/** Mounts at or below a token's folder, of volumes that have no token for it; and files that two sources of one volume write. */
export function* tokenShadows(spec: PodSpec): Generator<IdentityRequest<'TokenShadow'>> {
  const projections = new Map<string, readonly ProjectedSource[]>();
  for (const [index, { name, projected }] of (spec.volumes ?? []).entries()) {
    if (!projected?.sources) continue;
    projections.set(name, projected.sources);
    yield* collisions(projected.sources, `spec.volumes[${index}].projected`);
  }
  for (const { path, container } of containersOf(spec)) {
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      if (!mount.mountPath.toLowerCase().includes(IN_EVERY_PLACE)) continue;
      const place = normalPath(mount.mountPath);
      if (!isTokenPlace(place)) continue;
      const isWhole = !mount.subPath && !mount.subPathExpr;
      const sources = projections.get(mount.name);
      if (isWhole && sources && isTokenAt(place, tokenFilesOf(sources))) continue;
      const value = { at: mount.mountPath, by: `volume ${mount.name}` };
      yield { kind: 'TokenShadow', value, path: `${path}.volumeMounts[${index}].mountPath` };
    }
    for (const [index, { devicePath }] of (container.volumeDevices ?? []).entries()) {
      if (!isTokenPlace(normalPath(devicePath))) continue;
      yield {
        kind: 'TokenShadow',
        value: { at: devicePath, by: 'a device' },
        path: `${path}.volumeDevices[${index}].devicePath`,
      };
    }
  }
}

/** A segment of every token's folder, however it is spelled: what does not have it needs no closer look, and most paths do not. */
const IN_EVERY_PLACE = 'secrets';

/**
 * A path without more slashes and dots than it needs, by /var/run also where it says /run, to which that is a link in most
 * images. On Windows it may begin with a drive, have the other slashes, and be in either case.
 */
function normalPath(mountPath: string): string {
  // As most are written.
  if (mountPath === API_ACCESS_PATH) return mountPath;
  const segments: string[] = [];
  for (const segment of mountPath
    .toLowerCase()
    .replace(/^[a-z]:/, '')
    .split(/[\\/]/)) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${(segments[0] === 'run' ? ['var', ...segments] : segments).join('/')}`;
}

/** Whether it is a token's folder or within one. What is above is none: runtimes mount the deeper path on top. */
function isTokenPlace(path: string): boolean {
  return [API_ACCESS_PATH, OTHER_TOKENS_PATH].some(
    (folder) => path === folder || path.startsWith(`${folder}/`),
  );
}

/** Where in a volume there are tokens of the kind that programs look for: as `token`, and as `<name>/token`. */
interface TokenFiles {
  asToken: boolean;
  byName: boolean;
}

function tokenFilesOf(sources: readonly ProjectedSource[]): TokenFiles {
  const files = sources.flatMap(({ serviceAccountToken }) =>
    serviceAccountToken ? [normalFile(serviceAccountToken.path)] : [],
  );
  return { asToken: files.includes('token'), byName: files.some((file) => /^[^/]+\/token$/.test(file)) };
}

/** Whether a volume that is mounted at a token's place has one where programs look for it: nothing else is looked for there. */
function isTokenAt(place: string, { asToken, byName }: TokenFiles): boolean {
  if (place === OTHER_TOKENS_PATH) return byName;
  return asToken && (place === API_ACCESS_PATH || place.startsWith(`${OTHER_TOKENS_PATH}/`));
}

/** Of two sources that write one file the later wins, and the API server only warns (kubernetes, pkg/volume/projected, collectData). */
function* collisions(
  sources: readonly ProjectedSource[],
  path: string,
): Generator<IdentityRequest<'TokenShadow'>> {
  if (sources.length < 2) return;
  const tokens = new Set<string>();
  for (const [index, source] of sources.entries()) {
    const files = filesOf(source);
    // Where nothing says which files it writes, it may write any.
    const at = files ? files.find((file) => tokens.has(normalFile(file))) : first(tokens);
    if (at !== undefined) {
      const value = { at, by: 'a later source of the same volume' };
      yield { kind: 'TokenShadow', value, path: `${path}.sources[${index}]` };
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
  if (!file.includes('/') && file !== '.') return file;
  return file
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}
