/** Carries out one action of a plan, and answers with the facts as they are afterwards. Every action is idempotent. */
import { FINALIZER } from '../api/group.ts';
import type { Stored } from '../api/kubernetes.ts';
import { MOST_FINALIZERS, type InventoryItem, type RequestedBy, type TaskGrant } from '../api/taskgrant.ts';
import {
  accessReview,
  envelopeRights,
  renderRight,
  requesterMustHold,
  requesterMustUse,
  type ResourceAttributes,
} from '../core/envelope/requester.ts';
import type { Change } from '../core/lifecycle/change.ts';
import { timeOf, type Action, type Facts, type Look } from '../core/lifecycle/facts.ts';
import {
  driftOf,
  inventoryItemOf,
  isIssuedFor,
  sameName,
  type FoundObject,
  type IssuedObject,
} from '../core/lifecycle/issued.ts';
import { usernameOf } from '../core/names.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound, NoAnswerError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import { pods, subjectAccessReviews, taskGrants, type Resource } from '../kube/resources.ts';
import { creationFailure } from './creation-failure.ts';
import { getIssued, RESOURCES } from './observe.ts';

export interface ApplyOptions {
  client: Client;
  now: () => number;
  signal: AbortSignal;
  logger: Logger;
  /** Told of every status that was written, for Events and metrics. */
  onStatus: (before: Stored<TaskGrant>, after: Stored<TaskGrant>) => void;
  onPodRemoved: (grant: Stored<TaskGrant>, pod: { name: string; uid: string }, why: string) => void;
}

/** @throws ApiError or NoAnswerError where the API server did not do it; then nothing may be assumed. */
export async function apply(action: Action, facts: Facts, options: ApplyOptions): Promise<Change> {
  const { client, signal } = options;
  const { grant } = facts;
  switch (action.do) {
    case 'writeStatus':
      return await writeStatus({ ...grant, status: action.status }, grant, options);
    case 'addFinalizer':
      return { grant: await writeFinalizers((others) => [...others, FINALIZER], grant, options) };
    case 'removeFinalizer':
      return { grant: await writeFinalizers((others) => others, grant, options) };
    case 'removeGrant':
      await removeIfThere(() =>
        client.remove(
          taskGrants,
          { namespace: grant.metadata.namespace, name: grant.metadata.name },
          { preconditions: { uid: grant.metadata.uid }, signal },
        ),
      );
      return {
        grant: {
          ...grant,
          metadata: { ...grant.metadata, deletionTimestamp: timeOf({ now: options.now() }) },
        },
      };
    case 'create':
      return await create(action.object, facts, options);
    case 'remove':
      await remove(action.item, grant, options);
      return { removed: action.item };
    case 'note':
      return { progress: { ...facts.progress, [action.what]: timeOf({ now: options.now() }) } };
    case 'removePod':
      await removeIfThere(() =>
        client.remove(
          pods,
          { namespace: grant.metadata.namespace, name: action.name },
          { preconditions: { uid: action.uid }, gracePeriodSeconds: action.graceSeconds, signal },
        ),
      );
      options.onPodRemoved(grant, action, action.why);
      return { podRemoved: { uid: action.uid, at: timeOf({ now: options.now() }) } };
    case 'askRequester':
      return { requesterLacks: await whatRequesterLacks(facts, options) };
    case 'look':
      return {
        progress: { ...facts.progress, look: await look(action.items, facts.progress.look, facts, options) },
      };
    case 'lookAtRights':
      return {
        progress: {
          ...facts.progress,
          rightsLook: await look(action.items, facts.progress.rightsLook, facts, options),
        },
      };
  }
}

async function writeStatus(
  grant: Stored<TaskGrant>,
  before: Stored<TaskGrant>,
  { client, signal, onStatus }: ApplyOptions,
): Promise<Change> {
  try {
    const after = await client.replace(taskGrants, grant, { subresource: 'status', signal });
    onStatus(before, after);
    return { grant: after };
  } catch (error) {
    if (isRefusal(error)) return { unrecorded: `the status was refused: ${error.message}` };
    // An end does not wait for its record: somebody's admission webhook that is down must not keep rights alive.
    if (grant.status?.phase === 'Revoking' && isTrouble(error))
      return { unrecorded: `the status was not stored: ${error.message}` };
    throw error;
  }
}

/** Whether the API server could not do it, and it is not because of what was asked. */
function isTrouble(error: unknown): error is ApiError | NoAnswerError {
  return (
    (error instanceof ApiError && error.code >= 500) ||
    (error instanceof NoAnswerError && error.reason === 'Timeout')
  );
}

/** Whether the same content will be refused again. The limit of etcd's requests comes as an internal error (500). */
function isRefusal(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    ([400, 403, 413, 422].includes(error.code) || error.message.includes('request is too large'))
  );
}

/**
 * Those of others stay as they are. A cache may not have all of so many (readers.ts): then the API server is asked, and what it says is
 * written for the grant as it was decided on only.
 *
 * @param of what there is to be, by those of others
 */
async function writeFinalizers(
  of: (others: readonly string[]) => readonly string[],
  grant: Stored<TaskGrant>,
  { client, signal }: ApplyOptions,
): Promise<Stored<TaskGrant>> {
  const { namespace, name, resourceVersion, finalizers: known = [] } = grant.metadata;
  const all =
    known.length > MOST_FINALIZERS
      ? ((await client.get(taskGrants, { namespace, name }, { signal })).metadata.finalizers ?? [])
      : known;
  const finalizers = of(all.filter((finalizer) => finalizer !== FINALIZER));
  return await client.patch(
    taskGrants,
    { namespace, name },
    { type: 'merge', body: { metadata: { finalizers, resourceVersion } } },
    { signal },
  );
}

/**
 * Where an object of that name exists, it is ours from before a crash or somebody else's trap: a name is no proof of origin, and
 * neither is a label. An account holds nothing by itself, and is taken as it is. What gives rights goes, and is made anew:
 * only what was written as the grantor has passed the API server's escalation check.
 */
async function create(object: IssuedObject, facts: Facts, options: ApplyOptions): Promise<Change> {
  try {
    return await createOnce(object, facts, options);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const found = await whatIsThere(object, facts, options);
  if ('failure' in found) return found;
  if (object.kind === 'ServiceAccount') return { created: found };
  await requireCurrent(facts, options);
  await removeIssued({ ...inventoryItemOf(object), uid: found.metadata.uid }, options);
  return await createOnce(object, facts, options);
}

/** The account as the controller; Roles and bindings as the class's grantor, whose rights are the ceiling. */
async function createOnce(
  object: IssuedObject,
  facts: Facts,
  { client, signal }: ApplyOptions,
): Promise<Change> {
  const writer = object.kind === 'ServiceAccount' ? client : asGrantor(client, facts);
  const resource = RESOURCES[object.kind] as Resource<IssuedObject>;
  try {
    const created = await writer.create(resource, object, { signal });
    return { created: { ...created, kind: object.kind } as FoundObject };
  } catch (error) {
    const failure = creationFailure(error, object);
    if (failure) return { failure };
    throw error;
  }
}

/** The object that stands under the name, where it was made for this grant and is as it has to be. */
async function whatIsThere(
  object: IssuedObject,
  facts: Facts,
  { client }: ApplyOptions,
): Promise<FoundObject | { failure: NonNullable<Change['failure']> }> {
  const item = inventoryItemOf(object);
  const found = await getIssued(item, client);
  if (!found)
    throw new Error(`${item.kind} ${item.namespace}/${item.name} exists and does not: trying again`);
  const isOurs = isIssuedFor(facts.grant, found);
  if (isOurs && found.metadata.deletionTimestamp !== undefined)
    throw new Error(`${item.kind} ${item.namespace}/${item.name} is being deleted: trying again`);
  if (isOurs && driftOf(object, found, facts.externalKeys) === undefined) return found;
  return {
    failure: {
      reason: 'NameTaken',
      message: `${item.kind} ${item.namespace}/${item.name} exists and is not this grant's: remove it, and create a new TaskGrant`,
    },
  };
}

/**
 * What is removed may be in force: who led before may have declared the grant active, and this process not have heard yet.
 * @throws ApiError a conflict, where the grant is not as it was decided on.
 */
async function requireCurrent({ grant }: Facts, { client, signal }: ApplyOptions): Promise<void> {
  const { namespace, name, resourceVersion } = grant.metadata;
  const { metadata } = await client.get(taskGrants, { namespace, name }, { signal });
  if (metadata.resourceVersion === resourceVersion) return;
  throw new ApiError(`get taskgrants ${namespace}/${name}`, 409, {
    reason: 'Conflict',
    message: 'the TaskGrant has changed since it was decided on',
  });
}

function asGrantor(client: Client, { class: itsClass }: Facts): Client {
  if (!itsClass) throw new Error('Roles are written only for a class that exists');
  return client.as({ username: usernameOf(itsClass.spec.grantor) });
}

/**
 * What does not stand in the inventory was labelled by somebody else, and may be where deletions are refused (by a policy of that
 * namespace, say): the end of a grant does not hang on it.
 */
async function remove(item: InventoryItem, grant: Stored<TaskGrant>, options: ApplyOptions): Promise<void> {
  const isRecorded = grant.status?.inventory?.some((other) => sameName(other, item)) ?? false;
  if (isRecorded) await removeTheGrants(item, grant, options);
  else await unlessRefused(item, options, () => removeTheGrants(item, grant, options));
}

/** Removes what only a label leads to, and says whether it is gone: a refusal is logged, and nobody's end hangs on it. */
export async function unlessRefused(
  item: InventoryItem,
  { logger }: Pick<ApplyOptions, 'logger'>,
  removal: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await removal();
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    logger.error('cannot remove what is labelled as made for a grant', { ...item, error });
    return false;
  }
}

async function removeTheGrants(
  item: InventoryItem,
  grant: Stored<TaskGrant>,
  options: ApplyOptions,
): Promise<void> {
  if (item.uid !== undefined && (await removeIssued({ ...item, uid: item.uid }, options)) !== 'another')
    return;
  // Planned and not known to exist, or another object of that name by now: look whose it is.
  const found = await getIssued(item, options.client);
  if (found && isTheGrants(grant, item, found))
    await removeIssued({ ...item, uid: found.metadata.uid }, options);
}

/**
 * Whether what stands under the name of an inventory entry has to go with the grant. By UID too, since a label can be taken off
 * and the object is what it was; and an account by its name alone: it is made from the grant's UID, so nobody else's has it, and
 * whatever has it is who the grant's pods say they are.
 */
function isTheGrants(grant: Stored<TaskGrant>, item: InventoryItem, there: FoundObject): boolean {
  const isAccount = item.kind === 'ServiceAccount' && item.name === grant.status?.serviceAccountName;
  return isAccount || there.metadata.uid === item.uid || isIssuedFor(grant, there);
}

/**
 * Removes an object by UID, so that only the very one goes that was made for a grant, and never a later one of the
 * same name. Says `gone` where it is gone now, and `another` where the name is another object's.
 */
export async function removeIssued(
  { kind, namespace, name, uid }: InventoryItem & { uid: string },
  { client, signal }: Pick<ApplyOptions, 'client' | 'signal'>,
): Promise<'gone' | 'another'> {
  try {
    const resource = RESOURCES[kind] as Resource<IssuedObject>;
    // In the background: somebody may have deleted it in the foreground, and made up a dependent that never goes.
    await client.remove(
      resource,
      { namespace, name },
      { preconditions: { uid }, propagationPolicy: 'Background', signal },
    );
    return 'gone';
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    if (isConflict(error)) return 'another';
    throw error;
  }
}

async function removeIfThere(removal: () => Promise<unknown>): Promise<void> {
  try {
    await removal();
  } catch (error) {
    // A conflict says that another object has the name by now: that one is not meant.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

async function whatRequesterLacks(
  { grant, class: itsClass }: Facts,
  options: ApplyOptions,
): Promise<string[]> {
  const { requestedBy } = grant.spec;
  if (!requestedBy || !itsClass) throw new Error('nobody is recorded as the requester, or there is no class');
  const questions = requesterMustUse(grant, itsClass.metadata.name);
  if (itsClass.spec.authorization === 'RequesterHolds') questions.push(...requesterMustHold(grant));
  const { refused } = await ask(requestedBy, questions, options);
  return refused.map(renderRight);
}

async function look(
  items: readonly InventoryItem[],
  before: Look | undefined,
  { grant }: Facts,
  options: ApplyOptions,
): Promise<Look> {
  const { namespace } = grant.metadata;
  // The account alone, without its groups: what all service accounts may do is not the grant's.
  const account = { username: usernameOf({ namespace, name: grant.status?.serviceAccountName ?? '' }) };
  const found = await Promise.all(items.map((item) => getIssued(item, options.client)));
  const remaining = items.filter((item, index) => {
    const there = found[index];
    return there !== undefined && isTheGrants(grant, item, there);
  });
  // While something is left it is looked again and again, and what that allows needs no hundreds of questions.
  const { allowed } =
    remaining.length > 0 ? { allowed: [] } : await ask(account, inDoubt(grant, before), options);
  return { at: timeOf({ now: options.now() }), remaining, stillAllowed: allowed.map(renderRight) };
}

/** The envelope's rights; of those, what the look before found allowed, where it got as far as asking. */
function inDoubt(grant: Stored<TaskGrant>, before: Look | undefined): ResourceAttributes[] {
  const questions = envelopeRights(grant);
  if (before?.remaining.length !== 0) return questions;
  return questions.filter((right) => before.stillAllowed.includes(renderRight(right)));
}

/** How many SubjectAccessReviews are under way at once for one grant. */
const REVIEWS_AT_ONCE = 8;

/** Asks the API server for each right whether the user has it. */
async function ask(
  user: RequestedBy,
  questions: readonly ResourceAttributes[],
  { client, signal }: ApplyOptions,
): Promise<{ allowed: ResourceAttributes[]; refused: ResourceAttributes[] }> {
  const allowed: ResourceAttributes[] = [];
  const refused: ResourceAttributes[] = [];
  const waiting = [...questions];
  const worker = async () => {
    for (let right = waiting.shift(); right; right = waiting.shift()) {
      const { status } = await client.create(subjectAccessReviews, accessReview(user, right), { signal });
      (status?.allowed ? allowed : refused).push(right);
    }
  };
  await Promise.all(Array.from({ length: REVIEWS_AT_ONCE }, worker));
  return { allowed, refused };
}
