/** Mounts and files that stand where programs look for their token: a pod that finds none there asks its node. */
import type { PodSpec } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';
import { API_ACCESS_PATH, OTHER_TOKENS_PATH } from './token-paths.ts';
import type { ProjectedSource } from './volumes.ts';

/**
 * Mounts and files at or below a token's folder, but for volumes that have a token for it; and files that two sources of one volume
 * write.
 */
export function* tokenShadows(spec: PodSpec): Generator<IdentityRequest<'TokenShadow'>> {
  const projections = new Map<string, Projection>();
  for (const [index, { name, projected }] of (spec.volumes ?? []).entries()) {
    if (!projected?.sources) continue;
    projections.set(name, { sources: projected.sources });
    yield* collisions(projected.sources, `spec.volumes[${index}].projected`);
  }
  for (const { path, container } of containersOf(spec)) {
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      const places = tokenPlacesOf(mount.mountPath);
      if (places.length === 0) continue;
      const isWhole = !mount.subPath && !mount.subPathExpr;
      const projection = projections.get(mount.name);
      if (isWhole && projection && places.every((place) => isTokenAt(place, filesIn(projection)))) continue;
      yield shadow(mount.mountPath, `volume ${mount.name}`, `${path}.volumeMounts[${index}].mountPath`);
    }
    for (const [index, { devicePath }] of (container.volumeDevices ?? []).entries()) {
      if (tokenPlacesOf(devicePath).length === 0) continue;
      yield shadow(devicePath, 'a device', `${path}.volumeDevices[${index}].devicePath`);
    }
    // The kubelet mounts a file of its own there, which the container writes (kubernetes, pkg/kubelet/kuberuntime, makeMounts).
    const { terminationMessagePath = '' } = container;
    if (tokenPlacesOf(terminationMessagePath).length > 0)
      yield shadow(terminationMessagePath, 'the termination message', `${path}.terminationMessagePath`);
  }
}

function shadow(at: string, by: string, path: string): IdentityRequest<'TokenShadow'> {
  return { kind: 'TokenShadow', value: { at, by }, path };
}

/** A segment of every token's folder, however it is spelled: what does not have it needs no closer look, and most paths do not. */
const IN_EVERY_PLACE = 'secrets';

/** Of a path that may lead anywhere. */
const ANYWHERE = '';

/**
 * The places within a token's folder to which a path may lead; none where to no such place. A backslash is a slash on Windows and a
 * letter elsewhere. With `..` after a folder that is a link in the image, or by /proc, a path leads to where only the runtime knows.
 */
function tokenPlacesOf(path: string): string[] {
  // As most are written.
  if (path === API_ACCESS_PATH) return [path];
  if (!path.toLowerCase().includes(IN_EVERY_PLACE)) return [];
  const readings = path.includes('\\') ? [path, path.replaceAll('\\', '/')] : [path];
  const isDetour = readings.some(
    (one) => one.split('/').includes('..') || normalPath(one).startsWith('/proc/'),
  );
  return isDetour ? [ANYWHERE] : readings.map(normalPath).filter(isTokenPlace);
}

/**
 * A path without more slashes and dots than it needs, by /var/run also where it says /run, to which that is a link in most
 * images. On Windows it may begin with a drive and be in either case.
 */
function normalPath(mountPath: string): string {
  const segments = mountPath
    .toLowerCase()
    .replace(/^[a-z]:/, '')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  return `/${(segments[0] === 'run' ? ['var', ...segments] : segments).join('/')}`;
}

/** Whether it is a token's folder or within one. What is above is none: runtimes mount the deeper path on top. */
function isTokenPlace(path: string): boolean {
  return [API_ACCESS_PATH, OTHER_TOKENS_PATH].some(
    (folder) => path === folder || path.startsWith(`${folder}/`),
  );
}

/** A projected volume, and the files of its tokens as soon as somebody has looked for them: any number of mounts may. */
interface Projection {
  sources: readonly ProjectedSource[];
  files?: TokenFiles;
}

function filesIn(projection: Projection): TokenFiles {
  return (projection.files ??= tokenFilesOf(projection.sources));
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
