import { listed } from '../decision/violation.ts';
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
