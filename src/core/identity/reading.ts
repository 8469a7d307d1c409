/** A pod as the API server reads it from JSON, so that everything after it may rely on its types. */
import type { Pod } from '../../api/kubernetes.ts';
import { POD_SCHEMA } from './pod-schema.ts';
import { isDefinition, itemOf, type PodDefinition, type Shape } from './schema.ts';
import { MAX_SHAPE_FAULTS, shapeFaults, type ShapeFault } from './shape.ts';

export interface Reading {
  /** Undefined where it cannot be read: something in it is not what it has to be, or more is unknown than is looked at. */
  pod: Pick<Pod, 'metadata' | 'spec'> | undefined;
  /** Everything in it that is not as Kubernetes has it. */
  faults: readonly ShapeFault[];
}

/** Null is as absent; what a definition always has is empty where it is missing; fields that are not known are left out. */
export function readPod(pod: unknown): Reading {
  const faults = shapeFaults(pod);
  const isReadable = faults.length < MAX_SHAPE_FAULTS && faults.every(({ kind }) => kind === 'UnknownField');
  return { pod: isReadable ? (POD.read(pod) as Pod) : undefined, faults };
}

/**
 * What Go has in these fields whether they were written or not (core/v1, types.go: no `omitempty`), as far as anything here
 * looks at them. `hostPath: {}` is a path without a name, and no empty folder.
 */
const ALWAYS: Readonly<Partial<Record<PodDefinition, Readonly<Record<string, unknown>>>>> = {
  Pod: { metadata: {} },
  PodSpec: { containers: [] },
  Container: { name: '' },
  EphemeralContainer: { name: '' },
  EnvVar: { name: '' },
  VolumeMount: { name: '', mountPath: '' },
  VolumeDevice: { name: '', devicePath: '' },
  Volume: { name: '' },
  HostPathVolumeSource: { path: '' },
  CSIVolumeSource: { driver: '' },
  AzureFileVolumeSource: { secretName: '', shareName: '' },
  PersistentVolumeClaimVolumeSource: { claimName: '' },
  PersistentVolumeClaimTemplate: { spec: {} },
  ServiceAccountTokenProjection: { path: '' },
  PodCertificateProjection: { signerName: '', keyType: '' },
  ClusterTrustBundleProjection: { path: '' },
  KeyToPath: { key: '', path: '' },
  DownwardAPIVolumeFile: { path: '' },
  SecretKeySelector: { key: '' },
  PodResourceClaim: { name: '' },
  Sysctl: { name: '', value: '' },
  SeccompProfile: { type: '' },
  AppArmorProfile: { type: '' },
};

interface Reader {
  /** Of a value that has the shape. */
  read(value: unknown): unknown;
}

const AS_IT_IS: Reader = { read: (value) => value };

function readersOf(): Reader {
  const readers = new Map<string, Reader>();
  const readerOf = (name: PodDefinition): Reader => {
    const known = readers.get(name);
    if (known) return known;
    const fields = new Map<string, Reader>();
    const always = Object.entries(ALWAYS[name] ?? {});
    const reader: Reader = {
      read(value) {
        const entries: [string, unknown][] = always.slice();
        for (const [field, inner] of Object.entries(value as object)) {
          const its = inner === null || inner === undefined ? undefined : fields.get(field);
          if (its) entries.push([field, its.read(inner)]);
        }
        return Object.fromEntries(entries);
      },
    };
    readers.set(name, reader);
    for (const [field, shape] of Object.entries(POD_SCHEMA[name])) fields.set(field, ofShape(shape));
    return reader;
  };
  const ofShape = (shape: Shape): Reader => {
    const item = itemOf(shape);
    const of = isDefinition(item) ? readerOf(item as PodDefinition) : AS_IT_IS;
    if (shape.startsWith('[')) return { read: (list) => (list as unknown[]).map((each) => of.read(each)) };
    return shape.startsWith('{') ? MAP : of;
  };
  return readerOf('Pod');
}

/** Maps are of texts and quantities only, and Go keeps a key whose value is null. */
const MAP: Reader = {
  read: (map) => Object.fromEntries(Object.entries(map as object).map(([key, value]) => [key, value ?? ''])),
};

const POD = readersOf();
