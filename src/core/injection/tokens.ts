/** The tokens of an envelope as projected volumes. */
import type { Container, PodSpec, Volume } from '../../api/kubernetes.ts';
import type { GrantedToken } from '../../api/taskgrant.ts';
import { normalAudience } from '../envelope/audience.ts';
import { API_ACCESS_PATH, OTHER_TOKENS_PATH } from '../identity/token-paths.ts';
import { API_ACCESS_SOURCES } from './built-in.ts';

const TOKEN_FILE = 'token';

/**
 * The spec with one volume for each token, mounted in every container that has nothing at that place: the API server's
 * where an unchanged client looks for it, the others by their name. Everything is appended.
 */
export function withTokens(
  spec: PodSpec,
  tokens: readonly GrantedToken[],
  apiAudiences: readonly string[],
): PodSpec {
  return tokens.reduce((before, token) => withToken(before, token, apiAudiences), spec);
}

function withToken(spec: PodSpec, token: GrantedToken, apiAudiences: readonly string[]): PodSpec {
  const audience = normalAudience(token.audience, apiAudiences);
  const mountPath = audience === undefined ? API_ACCESS_PATH : `${OTHER_TOKENS_PATH}/${token.name}`;
  const isNeeded = [...(spec.initContainers ?? []), ...spec.containers].some(
    (container) => !hasMountAt(container, mountPath),
  );
  if (!isNeeded) return spec;

  const source = { expirationSeconds: token.expirationSeconds, path: TOKEN_FILE };
  const volume: Volume = {
    name: freeName(spec, audience === undefined ? 'taskgrant-api' : `taskgrant-${token.name}`),
    projected: {
      sources:
        audience === undefined
          ? [{ serviceAccountToken: source }, ...API_ACCESS_SOURCES]
          : [{ serviceAccountToken: { audience, ...source } }],
    },
  };
  const mounting = (container: Container): Container =>
    hasMountAt(container, mountPath)
      ? container
      : {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name: volume.name, mountPath, readOnly: true }],
        };
  return {
    ...spec,
    volumes: [...(spec.volumes ?? []), volume],
    ...(spec.initContainers && { initContainers: spec.initContainers.map(mounting) }),
    containers: spec.containers.map(mounting),
  };
}

function hasMountAt({ volumeMounts = [] }: Container, path: string): boolean {
  return volumeMounts.some(({ mountPath }) => isAt(mountPath, path));
}

/**
 * Whether it is the path but for slashes at its end, in one pass: nothing has validated the pod yet, and a path may be three megabytes
 * of slashes.
 *
 * @param path without a slash at its end
 */
function isAt(mountPath: string, path: string): boolean {
  if (!mountPath.startsWith(path)) return false;
  for (let at = path.length; at < mountPath.length; at++) if (mountPath[at] !== '/') return false;
  return true;
}

/** A volume's name is a DNS label. */
const MAX_NAME_LENGTH = 63;

/** The name wanted, or the next one that no volume of the pod has. */
function freeName({ volumes = [] }: PodSpec, wanted: string): string {
  const taken = new Set(volumes.map(({ name }) => name));
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? '' : `-${count}`;
    const name = wanted.slice(0, MAX_NAME_LENGTH - suffix.length).replace(/-+$/, '') + suffix;
    if (!taken.has(name)) return name;
  }
}
