/**
 * `taskgrant drain`: ends everything that is granted, before the product is uninstalled. Afterwards no TaskGrant holds
 * a finalizer that nobody would take off.
 */
import { API_VERSION, FINALIZER } from '../api/group.ts';
import { isFinal } from '../api/reasons.ts';
import type { Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { Violation } from '../core/decision/violation.ts';
import { ApiError, isConflict, isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { sleep } from '../kube/clock.ts';
import type { Logger } from '../kube/logger.ts';
import { createReader, type Reader } from '../kube/reader.ts';
import { mutatingWebhookConfigurations, taskGrants } from '../kube/resources.ts';
import { keyOfGrant } from './grant-key.ts';
import { slimGrant } from './readers.ts';

export interface DrainOptions {
  /** The MutatingWebhookConfiguration that stamps new grants. */
  webhookConfiguration: string;
  /** Where a grant can be created as a dry run, to see that it is refused. */
  probeNamespace: string;
}

export interface DrainParts {
  client: Client;
  logger: Logger;
  /** Takes a line for people. */
  say: (line: string) => void;
}

/** An API server learns of a deleted webhook configuration within about a second. */
const REFUSAL_RETRY_MS = 250;

/**
 * Stops new grants (without the mutating webhook none is stamped, and the validating one refuses those that are not),
 * revokes what is unfinished, and waits for the controller to have removed and verified everything.
 *
 * @throws the signal's reason, when that did not happen in time; what is left was said.
 */
export async function drain(
  { webhookConfiguration, probeNamespace }: DrainOptions,
  { client, logger, say }: DrainParts,
  signal: AbortSignal,
): Promise<void> {
  await stopNewGrants(client, webhookConfiguration, signal);
  await untilRefused(client, probeNamespace, signal);
  say('No new TaskGrant can be created.');

  const reader = createReader({ client, resource: taskGrants, logger, transform: slimGrant });
  reader.start();
  try {
    await reader.waitForSync(signal);
    const unfinished = reader.list().filter(({ status }) => !isFinal(status?.phase));
    say(`${unfinished.length} unfinished TaskGrants are being revoked.`);
    for (const grant of unfinished) await revoke(client, grant, signal);
    await untilNoneIsHeld(reader, say, signal);
  } finally {
    await reader.stop();
  }
}

async function stopNewGrants(client: Client, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.remove(mutatingWebhookConfigurations, { name }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function untilRefused(client: Client, namespace: string, signal: AbortSignal): Promise<void> {
  while (!(await creationHasStopped(client, namespace, signal))) await sleep(REFUSAL_RETRY_MS, signal);
}

/**
 * Whether a new grant, sent as a dry run, is refused for a reason that does not go away by itself: for want of the stamp, or
 * because no webhook answers. Any other refusal tells nothing of the grants of others: of the class, which the
 * asker may not use, least of all.
 *
 * @throws NoAnswerError
 */
export async function creationHasStopped(
  client: Client,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.create(taskGrants, unstampedGrant(namespace), { dryRun: true, signal });
    return false;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.message.includes(STAMP_MISSING) || error.code === WEBHOOK_DOWN;
  }
}

const STAMP_MISSING = 'RequesterNotStamped' satisfies Violation['code'];

/** As the API server answers where `failurePolicy: Fail` refuses for it (apiserver, admission/plugin/webhook/errors). */
const WEBHOOK_DOWN = 500;

function unstampedGrant(namespace: string): TaskGrant {
  return {
    apiVersion: API_VERSION,
    kind: 'TaskGrant',
    metadata: { name: 'drain', namespace },
    spec: {
      task: { intent: 'find out whether grants can still be created' },
      workload: { images: ['none'] },
      duration: '1s',
    } as TaskGrant['spec'],
  };
}

async function revoke(client: Client, grant: Stored<TaskGrant>, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = grant.metadata;
  try {
    await client.patch(
      taskGrants,
      { namespace, name },
      { type: 'merge', body: { metadata: { uid }, spec: { revoke: true } } },
      { signal },
    );
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

async function untilNoneIsHeld(
  reader: Reader<TaskGrant>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const held = () => reader.list().filter(({ metadata }) => metadata.finalizers?.includes(FINALIZER));
  while (held().length > 0) {
    try {
      await nextChange(reader, signal);
    } catch (error) {
      const left = held().map(keyOfGrant);
      say(`Still held: ${left.join(', ')}. Is the controller running? Its log says what it waits for.`);
      throw error;
    }
  }
  say('Nothing is granted any more; receipts stay in the TaskGrants until they are deleted.');
}

async function nextChange(reader: Reader<TaskGrant>, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const abort = () => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  // What is there already comes as `added` at once and is no news; changes come later.
  let subscribed = false;
  const unsubscribe = reader.subscribe(() => {
    if (subscribed) resolve(undefined);
  });
  subscribed = true;
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', abort);
  }
}
