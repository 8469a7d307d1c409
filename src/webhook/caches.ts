/** The caches from which admission is answered, and what of each object is worth its memory. */
import { GRANT_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../api/group.ts';
import type {
  CSIDriver,
  Namespace,
  PersistentVolume,
  Pod,
  ServiceAccount,
  StorageClass,
  Stored,
  StoredMeta,
} from '../api/kubernetes.ts';
import { isFinal } from '../api/reasons.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { withoutRequester } from '../core/envelope/requester.ts';
import { classOfVolume, isSource } from '../core/identity/backing.ts';
import type { ExternalKeys } from '../core/identity/external-identity.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReaderMetrics } from '../kube/metrics.ts';
import { createReader, type Reader } from '../kube/reader.ts';
import {
  csiDrivers,
  namespaces,
  persistentVolumes,
  pods,
  serviceAccounts,
  storageClasses,
  taskGrantClasses,
  taskGrants,
} from '../kube/resources.ts';

export interface Caches {
  /** By `namespace/class` while they have not finished, and by the namespace while they are or may become without rights. */
  grants: Reader<TaskGrant, 'unfinished' | 'activated'>;
  classes: Reader<TaskGrantClass>;
  namespaces: Reader<Namespace>;
  /** Pods with the grant label; by `namespace/service account`, which no other grant ever has. */
  pods: Reader<Pod, 'account'>;
  /** The accounts of grants, with those annotations only by which other identity systems go. */
  accounts: Reader<ServiceAccount>;
  csiDrivers: Reader<CSIDriver>;
  storageClasses: Reader<StorageClass>;
  /** By the name of their class; empty where they have none. */
  volumes: Reader<PersistentVolume, 'class'>;
}

export function createCaches(
  client: Client,
  logger: Logger,
  metrics: ReaderMetrics,
  keys: ExternalKeys,
): Caches {
  const common = { client, logger, metrics };
  return {
    grants: createReader({
      ...common,
      resource: taskGrants,
      transform: slimGrant,
      indexers: {
        unfinished: ({ metadata, spec, status }: TaskGrant) =>
          isFinal(status?.phase) ? [] : [unfinishedKey(metadata.namespace, spec.className ?? '')],
        activated: ({ metadata, status }: TaskGrant) =>
          isFinal(status?.phase) || status?.activatedAt === undefined ? [] : [metadata.namespace],
      },
    }),
    classes: createReader({ ...common, resource: taskGrantClasses }),
    namespaces: createReader({ ...common, resource: namespaces }),
    pods: createReader({
      ...common,
      resource: pods,
      labelSelector: GRANT_LABEL,
      transform: slimPod,
      indexers: {
        account: ({ metadata, spec }: Pod) => [
          accountKey(metadata.namespace ?? '', spec?.serviceAccountName ?? ''),
        ],
      },
    }),
    accounts: createReader({
      ...common,
      resource: serviceAccounts,
      labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY},${GRANT_LABEL}`,
      transform: (account) => slimAccount(account, keys),
    }),
    csiDrivers: createReader({ ...common, resource: csiDrivers }),
    storageClasses: createReader({ ...common, resource: storageClasses }),
    volumes: createReader({
      ...common,
      resource: persistentVolumes,
      transform: slimVolume,
      indexers: { class: (volume: PersistentVolume) => [classOfVolume(volume)] },
    }),
  };
}

export function unfinishedKey(namespace: string, className: string): string {
  return `${namespace}/${className}`;
}

export function accountKey(namespace: string, serviceAccountName: string): string {
  return `${namespace}/${serviceAccountName}`;
}

/** Which object it is. */
function ownMetadata({ name, namespace, uid, resourceVersion, creationTimestamp }: StoredMeta): StoredMeta {
  return { name, uid, resourceVersion, creationTimestamp, ...(namespace !== undefined && { namespace }) };
}

/**
 * Of a finished grant only that it has finished: there are many of them, and nothing is decided on one without asking
 * the API server again. Of an unfinished one what pods are judged by.
 */
export function slimGrant(grant: Stored<TaskGrant>): Stored<TaskGrant> {
  const { apiVersion, kind, spec, status = {} } = grant;
  const { namespace, deletionTimestamp } = grant.metadata;
  const metadata = {
    ...ownMetadata(grant.metadata),
    namespace,
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
  };
  if (isFinal(status.phase)) {
    return {
      apiVersion,
      kind,
      metadata,
      spec: {
        ...withoutRequester(spec),
        task: { intent: '' },
        envelope: {},
        workload: { ...spec.workload, images: [] },
      },
      status: { phase: status.phase },
    };
  }
  const pods = status.pods?.map(({ name, uid, phase, admittedAt }) => ({ name, uid, phase, admittedAt }));
  const kept = { ...status, inventory: [], ...(pods && { pods }) };
  delete kept.risk;
  return { ...grant, metadata, status: kept };
}

/** Which pods there are under an account, under which grant each says it runs, and whether and where it does, is all that is asked of them. */
export function slimPod({ apiVersion, kind, metadata, spec, status }: Stored<Pod>): Stored<Pod> {
  const { serviceAccountName, nodeName } = spec ?? {};
  const { phase } = status ?? {};
  const grant = metadata.labels?.[GRANT_LABEL];
  return {
    apiVersion,
    kind,
    metadata: {
      ...ownMetadata(metadata),
      ...(grant !== undefined && { labels: { [GRANT_LABEL]: grant } }),
    },
    spec: {
      containers: [],
      ...(serviceAccountName !== undefined && { serviceAccountName }),
      ...(nodeName !== undefined && { nodeName }),
    },
    ...(phase !== undefined && { status: { phase } }),
  };
}

/** What other identity systems go by; whatever else somebody has written on it would be memory. */
export function slimAccount(
  { apiVersion, kind, metadata }: Stored<ServiceAccount>,
  keys: ExternalKeys,
): Stored<ServiceAccount> {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => keys.find('account', key));
  return {
    apiVersion,
    kind,
    metadata: {
      ...ownMetadata(metadata),
      ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    },
  };
}

/** Which driver, or which path of the node, it is, and for whom: of the source nothing else, which may have a cloud's whole description. */
export function slimVolume(volume: Stored<PersistentVolume>): Stored<PersistentVolume> {
  const { apiVersion, kind, metadata, spec = {} } = volume;
  const { csi, hostPath, local, claimRef, ...others } = spec;
  const { namespace, uid } = claimRef ?? {};
  const types = Object.keys(others).filter(isSource);
  return {
    apiVersion,
    kind,
    metadata: ownMetadata(metadata),
    spec: {
      storageClassName: classOfVolume(volume),
      ...(csi && { csi: { driver: csi.driver, volumeHandle: '' } }),
      ...(hostPath && { hostPath: { path: hostPath.path } }),
      ...(local && { local: { path: local.path } }),
      ...(claimRef && {
        claimRef: { ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }) },
      }),
      ...Object.fromEntries(types.map((type) => [type, {}])),
    },
  };
}
