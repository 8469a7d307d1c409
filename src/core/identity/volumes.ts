/** The sources of volumes: which there are, and what of them is known. */
import type { PodSpec, Volume } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';

export type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

/** Volume sources that are harmless, or whose contents other files here list. */
const KNOWN_VOLUMES: readonly string[] = [
  'configMap',
  'downwardAPI',
  'emptyDir',
  'image',
  'projected',
  'secret',
] satisfies (keyof Volume)[];

/** Cluster trust bundles are public (KEP-3257). */
const KNOWN_PROJECTIONS: readonly string[] = [
  'clusterTrustBundle',
  'configMap',
  'downwardAPI',
  'secret',
  'serviceAccountToken',
] satisfies (keyof ProjectedSource)[];

/** hostPath is a matter of its own: node-access.ts. */
const EXPECTED_IN_VOLUMES: readonly string[] = ['name', 'hostPath', ...KNOWN_VOLUMES];

/** Each source of each projected volume, with its path: `spec.volumes[0].projected.sources[1]`. */
export function* projectedSources(
  spec: PodSpec,
): Generator<{ path: string; volume: Volume; source: ProjectedSource }> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    for (const [at, source] of (volume.projected?.sources ?? []).entries()) {
      yield { path: `spec.volumes[${index}].projected.sources[${at}]`, volume, source };
    }
  }
}

/** What is no known source: storage drivers, which can be handed the pod's tokens, and whatever comes next. */
export function* unknownVolumes(spec: PodSpec): Generator<IdentityRequest<'Unjudged'>> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    yield* unknownKeys(volume, `spec.volumes[${index}]`, EXPECTED_IN_VOLUMES, KNOWN_VOLUMES);
  }
  for (const { path, source } of projectedSources(spec)) {
    yield* unknownKeys(source, path, KNOWN_PROJECTIONS);
  }
}

/** A request for each key of the object that is not expected there. */
export function* unknownKeys(
  object: object,
  path: string,
  expected: readonly string[],
  known: readonly string[] = expected,
): Generator<IdentityRequest<'Unjudged'>> {
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined || value === null || expected.includes(key)) continue;
    yield { kind: 'Unjudged', value: { what: key, known }, path: `${path}.${key}` };
  }
}
