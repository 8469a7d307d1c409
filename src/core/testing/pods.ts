/** Pods that ask for identity in every way, pods that are none, and grants of every width: for properties. */
import fc from 'fast-check';
import type { Container, Pod, PodSpec, Stored, Volume } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { POD_SCHEMA } from '../identity/pod-schema.ts';
import { isDefinition, itemOf, type PodDefinition, type Scalar, type Shape } from '../identity/schema.ts';
import type { Lookups } from '../identity/surroundings.ts';
import {
  aGrant,
  aPod,
  IMAGE,
  withAnnotation,
  withEnvelope,
  withEphemeralContainer,
  withInitContainer,
  withSpec,
  withVolume,
  withWorkload,
  type Change,
} from './builders.ts';

/** Names that pods, grants and the cluster of these tests have in common, so that some of what is asked for is granted. */
const NAMES = ['a', 'b', 'c'];
const IMAGES = [IMAGE, 'busybox', 'nginx@sha256:0'];
const AUDIENCES = ['https://a.example', 'https://b.example'];
const SIGNERS = ['example.com/a', 'example.com/b'];
const DRIVERS = ['plain.csi.example', 'minting.csi.example'];
const DEVICES = ['example.com/gpu', 'gpu'];
const EXTERNAL_KEYS = ['vault.hashicorp.com/role', 'iam.amazonaws.com/role', 'spiffe.io/id'];

const name = fc.constantFrom(...NAMES);
const image = fc.constantFrom(...IMAGES);
const seconds = fc.constantFrom(600, 3600, 3607, 86_400);

/** A cluster in which each kind of claim leads somewhere; `c` leads nowhere. */
export const SOME_CLUSTER: Lookups = {
  claim: (claim) =>
    Promise.resolve(
      claim === 'c' ? undefined : { metadata: {}, spec: claim === 'a' ? { volumeName: 'a' } : {} },
    ),
  volume: () => Promise.resolve({ spec: { hostPath: { path: '/var/lib/kubelet' } } }),
  storageClass: () => Promise.resolve({ provisioner: 'minting.csi.example' }),
  defaultStorageClass: () =>
    Promise.resolve({ metadata: { name: 'default' }, provisioner: 'minting.csi.example' }),
  volumesOfClass: () => Promise.resolve([]),
  driver: (driver) =>
    Promise.resolve({
      spec: driver === 'minting.csi.example' ? { tokenRequests: [{ audience: 'https://a.example' }] } : {},
    }),
  resourceClaim: (claim) =>
    Promise.resolve(
      claim === 'c'
        ? undefined
        : {
            spec: {
              devices: {
                requests: [{ name: 'x', exactly: { deviceClassName: 'gpu', adminAccess: claim === 'b' } }],
              },
            },
          },
    ),
  resourceClaimTemplate: () => Promise.resolve(undefined),
  accountAnnotations: () => Promise.resolve(undefined),
};

/** One way for a pod to ask for something, besides all that it asks for already: lists get longer, and nothing is replaced. */
export const identityChanges: fc.Arbitrary<Change<Pod>> = fc.oneof(
  volumes().map((volume) => withVolume(volume)),
  containerParts().map((part) => inFirstContainer(part)),
  fc.constantFrom('/run/secrets/taskgrant.dev/x', '/data').map(mountingTheLastVolume),
  fc.record({ image }).map((container) => withInitContainer(container)),
  fc.record({ image }).map((container) => withEphemeralContainer(container)),
  fc
    .constantFrom<Partial<PodSpec>>(
      { hostNetwork: true },
      { hostPID: true },
      { nodeName: 'node-1' },
      { shareProcessNamespace: true },
      { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'root' } } },
      { resources: { limits: { 'example.com/gpu': '1' } } },
    )
    .map(appending),
  name.map((secret) => appending({ imagePullSecrets: [{ name: secret }] })),
  name.map((claim) => appending({ resourceClaims: [{ name: claim, resourceClaimName: claim }] })),
  fc.constantFrom(...EXTERNAL_KEYS).map((key) => withAnnotation(key, 'x')),
);

/** A pod under the grant of aGrant(), which asks for any of that. */
export const identityPods: fc.Arbitrary<Pod> = fc
  .array(identityChanges, { maxLength: 8 })
  .map((changes) => aPod(...changes));

function volumes(): fc.Arbitrary<Omit<Volume, 'name'>> {
  const key = { key: 'k', path: 'token' };
  const source = fc.oneof(
    fc
      .record({ audience: fc.constantFrom('', ...AUDIENCES), expirationSeconds: seconds })
      .map((token) => ({ serviceAccountToken: { path: 'token', ...token } })),
    fc.record({ signerName: fc.constantFrom(...SIGNERS), maxExpirationSeconds: seconds }).map((asked) => ({
      podCertificate: { keyType: 'ED25519', ...asked, userAnnotations: { 'example.com/x': '1' } },
    })),
    name.map((secret) => ({ secret: { name: secret } })),
    name.map((secret) => ({ secret: { name: secret, items: [key] } })),
    fc.constant({ clusterTrustBundle: { path: 'ca.crt', name: 'a' } }),
  );
  return fc.oneof(
    fc.array(source, { maxLength: 4 }).map((sources) => ({ projected: { sources } })),
    name.map((secretName) => ({ secret: { secretName } })),
    name.map((claimName) => ({ persistentVolumeClaim: { claimName } })),
    name.map((secretName) => ({ azureFile: { secretName, shareName: 'x' } })),
    fc.constantFrom(...DRIVERS).map((driver) => ({ csi: { driver } })),
    image.map((reference) => ({ image: { reference } })),
    fc.constantFrom<Omit<Volume, 'name'>>(
      { ephemeral: { volumeClaimTemplate: { spec: {} } } },
      { hostPath: { path: '/etc' } },
      { nfs: { server: 'x', path: '/' } },
      { rbd: { image: 'x', monitors: ['x'], secretRef: { name: 'a' } } },
      { emptyDir: {} },
    ),
  );
}

/** Of a container, each as a list or an object with one entry. */
function containerParts(): fc.Arbitrary<Partial<Container>> {
  return fc.oneof(
    name.map((secret) => ({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: secret, key: 'k' } } }] })),
    name.map((secret) => ({ envFrom: [{ secretRef: { name: secret } }] })),
    fc.constantFrom<Partial<Container>>(
      { ports: [{ containerPort: 80, hostPort: 80 }] },
      { ports: [{ containerPort: 80 }] },
      { volumeDevices: [{ name: 'volume-0', devicePath: '/var/run/secrets/taskgrant.dev/x' }] },
      { securityContext: { privileged: true } },
      { securityContext: { capabilities: { add: ['SYS_ADMIN', 'CHOWN'] } } },
      { securityContext: { procMount: 'Unmasked', seccompProfile: { type: 'Unconfined' } } },
      { livenessProbe: { httpGet: { host: '169.254.169.254', port: 80 } } },
      { resources: { limits: { 'deviceclass.resource.kubernetes.io/gpu': '1', cpu: '1' } } },
    ),
  );
}

/** The first container with more in its lists; what is no list and is there already stays. */
function inFirstContainer(part: Partial<Container>): Change<Pod> {
  return (pod) => {
    const [first = { name: 'main' }, ...rest] = pod.spec?.containers ?? [];
    return withSpec({ containers: [longer(first, part), ...rest] })(pod);
  };
}

/** Where there is one: a mount of a volume that comes later would say something else then. */
function mountingTheLastVolume(mountPath: string): Change<Pod> {
  return (pod) => {
    const last = pod.spec?.volumes?.at(-1);
    return last ? inFirstContainer({ volumeMounts: [{ name: last.name, mountPath }] })(pod) : pod;
  };
}

function appending(part: Partial<PodSpec>): Change<Pod> {
  return (pod) => withSpec(longer(pod.spec ?? { containers: [] }, part))(pod);
}

function longer<T extends object>(before: T, more: Partial<T>): T {
  const entries = Object.entries(more).map(([field, value]: [string, unknown]) => {
    const has: unknown = before[field as keyof T];
    if (Array.isArray(has) && Array.isArray(value))
      return [field, [...(has as unknown[]), ...(value as unknown[])]];
    return [field, has ?? value];
  });
  return { ...before, ...(Object.fromEntries(entries) as Partial<T>) };
}

/** What a grant gives, as far as these pods ask for it. */
export interface Width {
  secrets: string[];
  images: string[];
  audiences: string[];
  tokenSeconds: number;
  signers: string[];
  certificateSeconds: number;
  drivers: string[];
  devices: string[];
  externalKeys: string[];
  allowExec: boolean;
}

export const widths: fc.Arbitrary<Width> = fc.record({
  secrets: fc.subarray(NAMES),
  images: fc.subarray(IMAGES, { minLength: 1 }),
  audiences: fc.subarray(AUDIENCES),
  tokenSeconds: fc.constantFrom(600, 3600, 86_400),
  signers: fc.subarray(SIGNERS),
  certificateSeconds: fc.constantFrom(3600, 86_400),
  drivers: fc.subarray(DRIVERS),
  devices: fc.subarray(DEVICES),
  externalKeys: fc.subarray(EXTERNAL_KEYS),
  allowExec: fc.boolean(),
});

/** At least as wide as both. */
export function widest(a: Width, b: Width): Width {
  const both = (of: (width: Width) => string[]) => [...new Set([...of(a), ...of(b)])];
  return {
    secrets: both(({ secrets }) => secrets),
    images: both(({ images }) => images),
    audiences: both(({ audiences }) => audiences),
    tokenSeconds: Math.max(a.tokenSeconds, b.tokenSeconds),
    signers: both(({ signers }) => signers),
    certificateSeconds: Math.max(a.certificateSeconds, b.certificateSeconds),
    drivers: both(({ drivers }) => drivers),
    devices: both(({ devices }) => devices),
    externalKeys: both(({ externalKeys }) => externalKeys),
    allowExec: a.allowExec || b.allowExec,
  };
}

export function grantOf(width: Width): Stored<TaskGrant> {
  return aGrant(
    withWorkload({ images: width.images, deviceClasses: width.devices, allowExec: width.allowExec }),
    withEnvelope({
      secrets: width.secrets,
      tokens: width.audiences.map((audience, index) => ({
        name: `t${index}`,
        audience,
        expirationSeconds: width.tokenSeconds,
      })),
      certificates: width.signers.map((signerName) => ({
        signerName,
        maxExpirationSeconds: width.certificateSeconds,
        userAnnotations: { 'example.com/x': '1' },
      })),
      csiDrivers: width.drivers,
      externalIdentity: Object.fromEntries(width.externalKeys.map((key) => [key, 'x'])),
    }),
  );
}

/** What a scalar is where a whole pod is made: nothing that would be off, empty or by default. */
const SCALARS: Record<Scalar, unknown> = {
  string: 'x',
  time: '2026-11-23T09:00:00Z',
  boolean: true,
  integer: 7,
  number: 7,
  quantity: '7',
  intOrString: 7,
  object: { 'f:metadata': {} },
};

/** A pod with every field that Kubernetes has: each list of one item, each map of one entry. */
export function aWholePod(): Pod {
  const ofShape = (shape: Shape): unknown => {
    const item = itemOf(shape);
    const one = isDefinition(item) ? ofDefinition(item as PodDefinition) : SCALARS[item];
    if (shape.startsWith('[')) return [one];
    return shape.startsWith('{') ? { x: one } : one;
  };
  const ofDefinition = (definition: PodDefinition): object =>
    Object.fromEntries(
      Object.entries(POD_SCHEMA[definition]).map(([field, shape]) => [field, ofShape(shape)]),
    );
  return { apiVersion: 'v1', kind: 'Pod', ...(ofDefinition('Pod') as Pick<Pod, 'metadata' | 'spec'>) };
}

/** A way into a JSON value: keys and indexes. */
export type Place = readonly (string | number)[];

/** Every place in a JSON value but itself. */
export function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...(value as unknown[]).entries()]
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => [[key], ...placesIn(inner).map((place) => [key, ...place])]);
}

/** The value with another at a place; undefined takes away what is there. */
export function withValueAt<T>(value: T, [key, ...rest]: Place, other: unknown): T {
  if (key === undefined) return other as T;
  if (Array.isArray(value)) {
    const items = value as unknown[];
    const at = Number(key);
    const changed = other === undefined && rest.length === 0 ? [] : [withValueAt(items[at], rest, other)];
    return [...items.slice(0, at), ...changed, ...items.slice(at + 1)] as T;
  }
  const entries = Object.entries(value as object).flatMap(([name, inner]): [string, unknown][] => {
    if (name !== key) return [[name, inner]];
    return other === undefined && rest.length === 0 ? [] : [[name, withValueAt(inner, rest, other)]];
  });
  return Object.fromEntries(entries) as T;
}

/** Texts that break what is not careful: prototypes' names, half surrogates, what turns a line around or ends it. */
const HOSTILE_TEXTS = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'],
  ...['\ud800', '\udfff\ud800', '\u0000', '\u202e', '\u2028', '\r\n', '\ufeff', ''],
  ...['${x}', '../..', 'a'.repeat(300), '𝔘𝔫𝔦𝔠𝔬𝔡𝔢', '%00', '[0]', '.'],
];
const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string());

/** Anything that JSON can say, and what it can be made to say: 1e999. */
export const anything: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    text,
    fc.boolean(),
    fc.integer(),
    fc.constantFrom(0, -1, 1.5, 1e300, Infinity),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(text, tie('value')), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries) as object),
  ),
})).value;

/** A pod with anything at one of its places, or no pod at all. */
export const oddPods: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 1, arbitrary: anything },
  {
    weight: 9,
    arbitrary: identityPods.chain((pod) =>
      fc
        .tuple(fc.constantFrom(...placesIn(pod)), anything)
        .map(([place, value]) => withValueAt(pod, place, value)),
    ),
  },
);
