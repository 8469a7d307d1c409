import type { TaskGrant } from '../../api/taskgrant.ts';
import { listed, type Violation } from '../decision/violation.ts';
import type { ExternalKeys } from '../identity/external-identity.ts';
import type { RequestRule } from './rule.ts';

/** What another identity system goes by has the one value that the envelope says. */
export const externalIdentityInEnvelope: RequestRule<'ExternalIdentity'> = function* (
  { value: { system, key, value }, path },
  { grant },
) {
  const { externalIdentity = {} } = grant.spec.envelope;
  const granted = Object.hasOwn(externalIdentity, key) ? externalIdentity[key] : undefined;
  if (granted === value) return;
  yield {
    code: 'ExternalIdentityNotGranted',
    path,
    asked: `${value}, which ${system} goes by`,
    allowed: granted ?? listed(Object.keys(externalIdentity)),
    fix: `drop it, or say ${key} with this value in spec.envelope.externalIdentity of a new grant`,
  };
};

/** Keys that no system goes by are judged on no pod, so that their entries would bound nothing. */
export function externalKeysOf({ spec }: Pick<TaskGrant, 'spec'>, keys: ExternalKeys): Violation[] {
  return Object.keys(spec.envelope.externalIdentity ?? {})
    .filter((key) => !keys.isKnown(key))
    .map((key) => ({
      code: 'ExternalIdentityUnknown',
      path: `spec.envelope.externalIdentity[${key}]`,
      asked: key,
      allowed: 'other keys (docs/reference/external-identity.md)',
      fix: 'correct the key, or have the system added to externalIdentity in the chart’s values',
    }));
}
