import { listed } from '../decision/violation.ts';
import type { RequestRule } from './rule.ts';

/** Every Secret that the pod references is in the envelope, by its exact name. */
export const secretInEnvelope: RequestRule<'Secret'> = function* ({ value, path }, { grant }) {
  const { secrets = [] } = grant.spec.envelope;
  if (secrets.includes(value)) return;
  yield {
    code: 'SecretNotGranted',
    path,
    asked: value,
    allowed: listed(secrets),
    fix: 'add the Secret to spec.envelope.secrets of a new grant, or drop the reference',
  };
};
