/**
 * Pods as people write them for real work, and one grant that both are within: what judging and reviews are measured with. Nothing in
 * them is refused, because a refusal ends sooner or later than a yes, and most pods are admitted.
 */
import type { Container, Pod, Volume } from '../../src/api/kubernetes.ts';
import { GRANT_LABEL } from '../../src/api/group.ts';
import { INPUT } from './namespaces.ts';
import type { GrantPlace } from './grants.ts';

const REGISTRY = 'registry.example/agents';
const TOOLS = 'https://tools.example';
const SECRETS = ['database', 'model-api', 'tls'];

/** What a TaskGrant for them says; everything else is as the API server fills it in. */
export const SAMPLE_SPEC = {
  task: { intent: 'Summarise the open support tickets of tenant 4711', reference: 'ticket-run-4711' },
  workload: { images: [`${REGISTRY}/*:v1`, `${REGISTRY}/summariser@sha256:*`] },
  envelope: {
    kubernetes: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [INPUT], verbs: ['get'] }],
    tokens: [{ name: 'api' }, { name: 'tools', audience: TOOLS, expirationSeconds: 900 }],
    secrets: SECRETS,
  },
  duration: '1h',
};

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Three: one that prepares, a sidecar (KEP-753) and the task itself. */
export function podOfThree(grant: GrantPlace): Pod {
  const mounts = [{ name: 'work', mountPath: '/work' }, mountOf('config'), mountOf('tools-token')];
  return podOf(grant, {
    initContainers: [
      {
        name: 'prepare',
        image: `${REGISTRY}/prepare:v1`,
        command: ['/bin/prepare', '--from', '/etc/config/source.yaml', '--to', '/work/input.json'],
        env: [{ name: 'TENANT', value: '4711' }, fromSecret('DATABASE_PASSWORD', 'database')],
        ...CONTAINED,
        volumeMounts: mounts,
      },
      {
        name: 'proxy',
        image: `${REGISTRY}/proxy:v1`,
        restartPolicy: 'Always',
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
        startupProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, failureThreshold: 30 },
        ...CONTAINED,
        volumeMounts: [mountOf('tls'), mountOf('config')],
      },
    ],
    containers: [
      {
        name: 'main',
        image: `${REGISTRY}/summariser@${DIGEST}`,
        args: ['--tenant=4711', '--input=/work/input.json', '--proxy=http://localhost:8080'],
        env: [
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'MODEL', valueFrom: { configMapKeyRef: { name: 'models', key: 'summarise' } } },
          fromSecret('MODEL_API_KEY', 'model-api'),
        ],
        envFrom: [{ configMapRef: { name: 'defaults' } }, { secretRef: { name: 'database' } }],
        livenessProbe: { exec: { command: ['/bin/alive'] }, periodSeconds: 10 },
        ...CONTAINED,
        volumeMounts: mounts,
      },
    ],
    volumes: [
      { name: 'work', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'config', configMap: { name: 'config' } },
      { name: 'tls', secret: { secretName: 'tls' } },
      toolsToken('tools-token'),
    ],
  });
}

const CONTAINERS = 50;
/** With those of the grant's two tokens, which are filled in, a hundred. */
const VOLUMES = 98;

/** Fifty containers and a hundred volumes: larger than what people write, and what a generator may well make. */
export function podOfFifty(grant: GrantPlace): Pod {
  return podOf(grant, {
    containers: Array.from({ length: CONTAINERS }, (_, index) => ({
      name: `main-${index}`,
      image: `${REGISTRY}/worker-${index % 10}:v1`,
      args: [`--shard=${index}`, `--shards=${CONTAINERS}`],
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'SHARD', value: String(index) },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        fromSecret('MODEL_API_KEY', 'model-api'),
      ],
      ...CONTAINED,
      volumeMounts: [
        mountOf('tools-token'),
        mountOf(`volume-${index}`),
        mountOf(`volume-${CONTAINERS + (index % 47)}`),
      ],
    })),
    volumes: [
      toolsToken('tools-token'),
      ...Array.from({ length: VOLUMES - 1 }, (_, index) => volumeOf(index)),
    ],
  });
}

function podOf(grant: GrantPlace, spec: Partial<Pod['spec']> & { containers: Container[] }): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: grant.name,
      namespace: grant.namespace,
      labels: {
        [GRANT_LABEL]: grant.name,
        'app.kubernetes.io/name': 'summariser',
        'app.kubernetes.io/part-of': 'support',
      },
      annotations: { 'support.example/ticket-run': '4711' },
    },
    spec: {
      restartPolicy: 'Never',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...spec,
    },
  };
}

const CONTAINED = {
  resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

function fromSecret(name: string, secret: string) {
  return { name, valueFrom: { secretKeyRef: { name: secret, key: 'value' } } };
}

function mountOf(name: string) {
  return { name, mountPath: `/etc/${name}`, readOnly: true };
}

function toolsToken(name: string): Volume {
  const token = { audience: TOOLS, expirationSeconds: 900, path: 'token' };
  return { name, projected: { sources: [{ serviceAccountToken: token }] } };
}

/** Of ten, one is a Secret, three are for files of the containers' own, and the others are configuration. */
function volumeOf(index: number): Volume {
  const name = `volume-${index}`;
  const kind = index % 10;
  if (kind === 0) return { name, secret: { secretName: SECRETS[index % SECRETS.length] ?? '' } };
  if (kind <= 3) return { name, emptyDir: {} };
  return { name, configMap: { name, items: [{ key: 'value', path: 'value' }] } };
}
