/** What a pod is judged by, gathered for one request. */
import { ENFORCE_LABEL, type Level } from '../api/group.ts';
import type { Pod, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { hasConditions } from '../core/envelope/conditions.ts';
import { grantNameOf } from '../core/envelope/judge-pod.ts';
import { levelOf } from '../core/envelope/namespace-label.ts';
import type { PreviewFacts } from '../core/envelope/preview.ts';
import type { DefaultAccount } from '../core/envelope/required.ts';
import { readPod } from '../core/identity/reading.ts';
import { NO_SURROUNDINGS, surroundingsOf } from '../core/identity/surroundings.ts';
import type { Facts } from './facts.ts';

/** The level at which a namespace's pods are judged; where its label went meanwhile, the one at which most passes. */
export async function enforcedLevel(namespace: string, { namespaces }: Facts): Promise<Level> {
  return levelOf(await namespaces.level(namespace, ENFORCE_LABEL)) ?? 'granted';
}

/**
 * The `default` account where a pod without a grant may have no identity; undefined elsewhere.
 *
 * @param levelIn at which it is judged; asked only for a pod without a grant
 */
export async function accountWhereRequired(
  grantName: string | undefined,
  namespace: string,
  facts: Facts,
  levelIn = enforcedLevel,
): Promise<DefaultAccount | undefined> {
  if (grantName !== undefined || (await levelIn(namespace, facts)) !== 'required') return undefined;
  return facts.namespaces.defaultAccount(namespace);
}

/**
 * The labels by which conditions of the grant are judged, as the API server has them now: a cache that is behind would answer wrongly
 * either way. Not looked up for a grant without any.
 */
export async function labelsForConditions(
  grant: TaskGrant | undefined,
  namespace: string,
  { namespaces }: Pick<Facts, 'namespaces'>,
): Promise<Readonly<Record<string, string>> | undefined> {
  return grant && hasConditions(grant) ? namespaces.currentLabels(namespace) : undefined;
}

/** Nothing is looked up for a pod that is judged by its account's name alone. */
export async function podFacts(
  pod: Pod,
  namespace: string,
  level: Level,
  grant: Stored<TaskGrant> | undefined,
  facts: Facts,
): Promise<PreviewFacts> {
  const isGranted = grantNameOf(pod) !== undefined;
  const required =
    isGranted || level !== 'required' ? undefined : await facts.namespaces.defaultAccount(namespace);
  const reading = readPod(pod);
  const surroundings =
    grant || required ? await surroundingsOf(reading, facts.lookups(namespace)) : NO_SURROUNDINGS;
  const { apiAudiences, externalKeys } = facts;
  const identity = { surroundings, externalKeys };
  const namespaceLabels = await labelsForConditions(grant, namespace, facts);
  return { pod, reading, grant, required, identity, namespaceLabels, apiAudiences, now: facts.now() };
}
