/** What is said in status.risk, while a grant holds rights or may come to hold them. */
import type { TaskGrantStatus } from '../../api/taskgrant.ts';
import { envelopeRules } from '../envelope/requester.ts';
import { effectiveRisk } from '../rules/effective.ts';
import type { Facts } from './facts.ts';

export function ratedNow({
  grant,
  besides,
}: Pick<Facts, 'grant' | 'besides'>): Pick<TaskGrantStatus, 'risk'> {
  return { risk: effectiveRisk(envelopeRules(grant), besides, grant.status?.serviceAccountName) };
}
