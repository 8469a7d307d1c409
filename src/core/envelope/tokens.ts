import { EXTENDED_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import { listed } from '../decision/violation.ts';
import { normalAudience, renderAudience } from './audience.ts';
import type { RequestRule } from './rule.ts';

/** A projected token has an audience of the envelope, lives no longer than it says there, and never for a year. */
export const tokenWithinEnvelope: RequestRule<'Token'> = function* (
  { value, path },
  { grant, apiAudiences },
) {
  const audience = normalAudience(value.audience, apiAudiences);
  const tokens = grant.spec.envelope.tokens ?? [];
  const granted = tokens.find((token) => normalAudience(token.audience, apiAudiences) === audience);
  if (!granted) {
    yield {
      code: 'TokenAudienceNotGranted',
      path: `${path}.audience`,
      asked: renderAudience(audience),
      allowed: listed(tokens.map((token) => renderAudience(normalAudience(token.audience, apiAudiences)))),
      fix: 'add the audience to spec.envelope.tokens of a new grant, or drop this volume source',
    };
  } else if (value.expirationSeconds > granted.expirationSeconds) {
    yield {
      code: 'TokenLivesTooLong',
      path: `${path}.expirationSeconds`,
      asked: `${value.expirationSeconds} s`,
      allowed: `${granted.expirationSeconds} s`,
      fix: `set expirationSeconds: ${granted.expirationSeconds}, or drop this volume source: it is filled in`,
    };
  }
  if (value.expirationSeconds === EXTENDED_TOKEN_SECONDS) {
    yield {
      code: 'TokenWouldBeExtended',
      path: `${path}.expirationSeconds`,
      asked: `${EXTENDED_TOKEN_SECONDS} s, which the API server extends to a year`,
      allowed: `any other lifetime up to ${granted?.expirationSeconds ?? 0} s`,
      fix: 'ask for another expirationSeconds, or drop this volume source: it is filled in',
    };
  }
};
