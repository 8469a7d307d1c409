/**
 * Watches what guards grants from outside: says so, within a second, where something is not as it was installed. It mends nothing: whoever
 * can rewrite policies can take them away, and the controller's token is not to be worth that (docs/decisions/0023-watched.md).
 */
import { parseAllDocuments } from 'yaml';
import { GROUP, PART_OF, PART_OF_LABEL } from '../api/group.ts';
import type {
  ConfigMap,
  CustomResourceDefinition,
  KubernetesObject,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../api/kubernetes.ts';
import {
  ENFORCING_KINDS,
  guardsAmong,
  isOfEnforcement,
  nameOfGuard,
  type Guards,
} from '../core/guards/guards.ts';
import {
  judgeDefinitions,
  judgeGuards,
  nameOf,
  type Installed,
  type Verdict,
} from '../core/guards/tampering.ts';
import type { Client } from '../kube/client.ts';
import { monotonicNow, startTimer } from '../kube/clock.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReaderMetrics } from '../kube/metrics.ts';
import { createReader, type Reader } from '../kube/reader.ts';
import {
  configMaps,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
} from '../kube/resources.ts';
import type { CertificateReaders } from './certificates.ts';
import type { EnforcementState } from './enforcement.ts';

export interface GuardReaders {
  /** What the release has installed. */
  installed: Reader<ConfigMap>;
  mutating: CertificateReaders['mutating'];
  validating: CertificateReaders['validating'];
  policies: Reader<ValidatingAdmissionPolicy>;
  policyBindings: Reader<ValidatingAdmissionPolicyBinding>;
  grantDefinition: Reader<CustomResourceDefinition>;
  classDefinition: Reader<CustomResourceDefinition>;
}

/** Where what was installed is written down: a ConfigMap of the product's own namespace. */
export interface InstalledPlace {
  namespace: string;
  name: string;
}

/** The key of that ConfigMap: the manifests, as Helm has written them. */
export const INSTALLED_KEY = 'guards.yaml';

export interface GuardReaderOptions {
  place: InstalledPlace;
  /** The name of both webhook configurations. */
  webhookConfiguration: string;
  /** Their readers, where the certificates' work has them already. */
  mutating?: CertificateReaders['mutating'];
  validating?: CertificateReaders['validating'];
}

export function createGuardReaders(
  { place, webhookConfiguration, mutating, validating }: GuardReaderOptions,
  common: { client: Client; logger: Logger; metrics: ReaderMetrics },
): GuardReaders {
  const named = (name: string) => ({ ...common, fieldSelector: `metadata.name=${name}` });
  const ours = { ...common, labelSelector: `${PART_OF_LABEL}=${PART_OF}` };
  const definition = (plural: string) =>
    createReader({
      ...named(`${plural}.${GROUP}`),
      resource: customResourceDefinitions,
      name: `${plural}-definition`,
    });
  return {
    installed: createReader({
      ...named(place.name),
      resource: configMaps,
      name: 'installed',
      namespace: place.namespace,
    }),
    mutating:
      mutating ?? createReader({ ...named(webhookConfiguration), resource: mutatingWebhookConfigurations }),
    validating:
      validating ??
      createReader({ ...named(webhookConfiguration), resource: validatingWebhookConfigurations }),
    policies: createReader({ ...ours, resource: validatingAdmissionPolicies }),
    policyBindings: createReader({ ...ours, resource: validatingAdmissionPolicyBindings }),
    grantDefinition: definition('taskgrants'),
    classDefinition: definition('taskgrantclasses'),
  };
}

export interface GuardWatch {
  /** Whether the webhooks are called as installed. */
  state(): EnforcementState;
  /** Looks at once, and from then on whenever something changes. @returns a function that ends it */
  watch(): () => void;
}

export interface GuardWatchOptions {
  place: InstalledPlace;
  /** The name of both webhook configurations. */
  webhookConfiguration: string;
  readers: { [Name in keyof GuardReaders]: Pick<GuardReaders[Name], 'list' | 'subscribe'> };
  logger: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Told each time of everything that is looked at. */
  onLook: (verdicts: readonly Verdict[]) => void;
  /** Told of what has come to be wrong, is wrong in another way, or is wrong no more. */
  onNews: (verdict: Verdict) => void;
}

/** Watches are not in step with each other. */
const SETTLES_MS = 500;
/** How long what was installed before counts as well: Helm writes the ConfigMap first, and the others within a few seconds. */
const UPGRADE_MS = 30_000;

export function createGuardWatch({
  place,
  webhookConfiguration,
  readers,
  logger,
  now,
  onLook,
  onNews,
}: GuardWatchOptions): GuardWatch {
  let state: EnforcementState = {
    proven: false,
    message: 'the webhook configurations were not looked at yet',
  };
  let installed: Installed | undefined;
  let [version, since] = ['', 0];
  let known = new Map<string, Verdict>();
  /** What has been there since this process looks. */
  const seen = new Set<string>();
  const withoutUnseen = (verdict: Verdict): Verdict =>
    verdict.isMissing && !seen.has(nameOf(verdict)) ? { ...verdict, wrong: undefined } : verdict;

  const whatIsInstalled = (): Installed | undefined => {
    const [configMap] = readers.installed.list();
    if (configMap?.metadata.resourceVersion !== version) {
      [version, since] = [configMap?.metadata.resourceVersion ?? '', monotonicNow()];
      const guards = configMap && guardsIn(configMap, webhookConfiguration);
      installed = guards && { now: guards, ...(installed && { before: installed.now }) };
    } else if (installed?.before && monotonicNow() - since >= UPGRADE_MS) installed = { now: installed.now };
    return installed;
  };

  /** Helm writes the ConfigMap early, and the webhook configurations last: this process may be there before them. */
  const isBeingInstalled = (): boolean => {
    const [configMap] = readers.installed.list();
    return configMap !== undefined && now() - Date.parse(configMap.metadata.creationTimestamp) < UPGRADE_MS;
  };

  const look = (): void => {
    const there = whatIsInstalled();
    const found = guardsAmong([
      ...readers.mutating.list(),
      ...readers.validating.list(),
      ...readers.policies.list(),
      ...readers.policyBindings.list(),
    ]);
    const verdicts = [
      {
        object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: place },
        wrong: there ? undefined : 'it does not say what was installed',
      },
      ...(there ? judgeGuards(there, found) : []),
      ...judgeDefinitions([...readers.grantDefinition.list(), ...readers.classDefinition.list()]),
    ];
    state = stateFrom(verdicts);
    // Nothing becomes active without what is missing; that it has not come yet is no reason for an alarm.
    for (const name of found.keys()) seen.add(name);
    const told = isBeingInstalled() ? verdicts.map(withoutUnseen) : verdicts;
    onLook(told);
    const before = known;
    known = new Map(
      told.filter(({ wrong }) => wrong !== undefined).map((verdict) => [nameOf(verdict), verdict]),
    );
    for (const [name, verdict] of known) if (before.get(name)?.wrong !== verdict.wrong) tell(verdict);
    for (const [name, verdict] of before) if (!known.has(name)) tell({ ...verdict, wrong: undefined });
  };

  const tell = (verdict: Verdict): void => {
    const guard = nameOf(verdict);
    if (verdict.wrong === undefined) logger.info('a guard is as it was installed again', { guard });
    else logger.error('a guard is not as it was installed', { guard, wrong: verdict.wrong });
    onNews(verdict);
  };

  return {
    state: () => state,
    watch() {
      let settling: (() => void) | undefined;
      const whenUpgraded = () => startTimer(UPGRADE_MS + SETTLES_MS, look);
      let upgrading = whenUpgraded();
      const settled = () => {
        settling = undefined;
        look();
      };
      const changed = () => {
        settling ??= startTimer(SETTLES_MS, settled);
      };
      look();
      const { installed: whatIs, ...others } = readers;
      const subscriptions = [
        ...Object.values(others as Record<string, Pick<Reader<KubernetesObject>, 'subscribe'>>).map(
          (reader) => reader.subscribe(changed),
        ),
        whatIs.subscribe(() => {
          changed();
          upgrading();
          upgrading = whenUpgraded();
        }),
      ];
      return () => {
        for (const end of subscriptions) end();
        settling?.();
        upgrading();
      };
    },
  };
}

/** Undefined where it says nothing, nothing that can be read, or not all that is needed: nobody can go by a part. */
function guardsIn({ data }: ConfigMap, webhookConfiguration: string): Guards | undefined {
  const guards = guardsAmong(objectsIn(data?.[INSTALLED_KEY] ?? '').filter(isObject));
  const isWhole = ENFORCING_KINDS.every((kind) =>
    guards.has(nameOfGuard({ kind, metadata: { name: webhookConfiguration } })),
  );
  return isWhole ? guards : undefined;
}

/** Somebody else may have written it: an alias that leads nowhere, say, is found only when it is followed, and thrown. */
function objectsIn(text: string): unknown[] {
  try {
    const documents = parseAllDocuments(text);
    if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return [];
    return documents.map((document) => document.toJS() as unknown);
  } catch {
    return [];
  }
}

function isObject(value: unknown): value is KubernetesObject {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('metadata' in value))
    return false;
  const { kind, metadata } = value;
  if (typeof kind !== 'string' || typeof metadata !== 'object' || metadata === null) return false;
  return 'name' in metadata && typeof metadata.name === 'string';
}

/** Unknown is no: where nobody can say what was installed, nobody can say that the webhooks are called as they have to be. */
function stateFrom(verdicts: readonly Verdict[]): EnforcementState {
  const inDoubt = verdicts.find(
    ({ object, wrong }) => wrong !== undefined && (object.kind === 'ConfigMap' || isOfEnforcement(object)),
  );
  return inDoubt
    ? { proven: false, message: `${nameOf(inDoubt)} is not as it was installed: ${inDoubt.wrong ?? ''}` }
    : { proven: true, message: 'the webhook configurations are as they were installed' };
}
