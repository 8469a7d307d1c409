/** `kubectl taskgrant approve` and `kubectl taskgrant deny` */
import type { Stored } from '../api/kubernetes.ts';
import type { Approval, TaskGrant } from '../api/taskgrant.ts';
import { onOneLine } from '../core/decision/denial.ts';
import { isConflict, isForbidden, isInvalid, isNotFound, type ApiError } from '../kube/api-error.ts';
import { taskGrants } from '../kube/resources.ts';
import type { Outcome, Terminal } from './check.ts';
import { clusterModule, type ClusterFlags } from './input.ts';
import { CannotRun, messageOf } from './problem.ts';

export interface ApproveFlags extends ClusterFlags {
  namespace?: string;
  uid?: string;
  reason: string;
  output: ApproveFormat;
}

export const APPROVE_FORMATS = ['text', 'json'] as const;
type ApproveFormat = (typeof APPROVE_FORMATS)[number];

/**
 * Says of a grant that it is approved or denied, as whoever the kubeconfig says. Whether they may, the webhook judges.
 *
 * @throws CannotRun where the cluster cannot be asked, or has no such grant
 */
export async function decideOn(
  name: string,
  decision: Approval['decision'],
  { namespace, uid, reason, output, ...choice }: ApproveFlags,
  { version }: Pick<Terminal, 'version'>,
): Promise<Outcome> {
  const { connect } = await clusterModule(decision === 'Approved' ? 'approve' : 'deny');
  const { client, namespace: ofContext } = await connect(version, choice);
  const place = { namespace: namespace ?? ofContext, name };
  try {
    const { metadata, spec } = await client.get(taskGrants, place);
    const hindrance = notTheOne(metadata, uid) ?? saidBefore(spec.approval, { decision, reason });
    if (hindrance !== undefined)
      return {
        stdout: '',
        stderr: [onOneLine(`TaskGrant ${place.namespace}/${name} is not ${wordFor(decision)}: ${hindrance}`)],
        code: 1,
      };
    // Of this very grant: one that was created anew under its name is another request.
    const body = { metadata: { uid: metadata.uid }, spec: { approval: { decision, reason } } };
    const decided = await client.patch(taskGrants, place, { type: 'merge', body });
    return { stdout: output === 'json' ? renderJson(decided) : renderText(decided), stderr: [], code: 0 };
  } catch (error) {
    const grant = `TaskGrant ${place.namespace}/${name}`;
    if (isNotFound(error)) throw new CannotRun(`there is no ${grant}: ${whereToLook(namespace)}`);
    if (isForbidden(error) || isConflict(error) || isInvalid(error))
      return { stdout: '', stderr: [`${grant} is not ${wordFor(decision)}: ${messageFor(error)}`], code: 1 };
    throw new CannotRun(`the cluster cannot be asked about ${grant}: ${messageOf(error)}`);
  } finally {
    await client.close();
  }
}

export function whereToLook(namespace: string | undefined): string {
  return namespace === undefined
    ? 'say its namespace with -n'
    : `correct the name: kubectl get taskgrants -n ${namespace}`;
}

/** Whoever has looked at a grant says its UID, as its requester may have put another under its name since; undefined where it is the one. */
export function notTheOne(
  { uid, creationTimestamp }: Pick<Stored<TaskGrant>['metadata'], 'uid' | 'creationTimestamp'>,
  lookedAt: string | undefined,
): string | undefined {
  if (lookedAt === undefined || lookedAt === uid) return undefined;
  return `it is not the one of that UID, but was created under the same name at ${creationTimestamp}; look at it, and decide on that with --uid ${uid}`;
}

/** Who has decided already, and what is left to do; undefined where nobody has, or the same is said once more. */
export function saidBefore(
  before: Approval | undefined,
  { decision, reason }: Pick<Approval, 'decision' | 'reason'>,
): string | undefined {
  if (!before || (before.decision === decision && before.reason === reason)) return undefined;
  const who = before.decidedBy ? ` by ${before.decidedBy.username}` : '';
  const when = before.decidedAt === undefined ? '' : ` at ${before.decidedAt}`;
  const otherwise =
    before.decision === 'Approved'
      ? 'spec.revoke: true ends it, and whoever wants another decision creates a new TaskGrant'
      : 'whoever wants another decision creates a new TaskGrant';
  return `it was ${wordFor(before.decision)}${who}${when} already, and that is said once; ${otherwise}`;
}

function wordFor(decision: Approval['decision']): string {
  return decision === 'Approved' ? 'approved' : 'denied';
}

/** Of what was asked the user knows; a denial of the webhook has a line for each reason, and its remedy at the end. */
export function messageFor(error: ApiError): string {
  return messageOf(error).split('\n').map(onOneLine).join('\n');
}

function renderJson({ metadata, spec, status }: Stored<TaskGrant>): string {
  const { namespace, name, uid } = metadata;
  return `${JSON.stringify({ namespace, name, uid, approval: spec.approval, risk: status?.risk }, null, 2)}\n`;
}

/** With what it was that is decided on: nobody should have to look it up afterwards. */
function renderText({ metadata, spec, status }: Stored<TaskGrant>): string {
  const { decision = 'Approved', decidedBy } = spec.approval ?? {};
  const findings = status?.risk?.findings ?? [];
  const lines = [
    `taskgrant ${metadata.namespace}/${metadata.name} is ${wordFor(decision)} by ${decidedBy?.username ?? ''}`,
    `  asked by ${spec.requestedBy?.username ?? ''}: ${spec.task.intent}`,
    `  risk ${status?.risk?.level ?? 'not rated yet'}`,
    ...findings.map(({ code, message }) => `    ${code}: ${message}`),
  ];
  return lines.map((line) => `${onOneLine(line)}\n`).join('');
}
