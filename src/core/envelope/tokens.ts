import { EXTENDED_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import { listed, type Violation } from '../decision/violation.ts';
import { normalAudience, renderAudience } from './audience.ts';
import type { GrantFacts, RequestRule } from './rule.ts';

/** What differs between tokens that the pod projects and those that something else is handed: where they stand, and what to do. */
interface Words {
  path: { audience: string; expirationSeconds: string };
  /** Behind what was asked. */
  of: string;
  longer: (grantedSeconds: number) => string;
  other: string;
  another: string;
}

/** A projected token has an audience of the envelope, lives no longer than it says there, and never for a year. */
export const tokenWithinEnvelope: RequestRule<'Token'> = function* ({ value, path }, facts) {
  yield* tokenViolations(value, facts, {
    path: { audience: `${path}.audience`, expirationSeconds: `${path}.expirationSeconds` },
    of: '',
    longer: (seconds) => `set expirationSeconds: ${seconds}, or drop this volume source: it is filled in`,
    other: 'ask for another expirationSeconds, or drop this volume source: it is filled in',
    another: 'add the audience to spec.envelope.tokens of a new grant, or drop this volume source',
  });
};

/** Of any token that would be minted for the pod. */
export function* tokenViolations(
  { audience: asked, expirationSeconds }: { audience: string | undefined; expirationSeconds: number },
  { grant, apiAudiences }: GrantFacts,
  words: Words,
): Generator<Violation> {
  const audience = normalAudience(asked, apiAudiences);
  const tokens = grant.spec.envelope.tokens ?? [];
  const granted = tokens.find((token) => normalAudience(token.audience, apiAudiences) === audience);
  if (!granted) {
    yield {
      code: 'TokenAudienceNotGranted',
      path: words.path.audience,
      asked: `${renderAudience(audience)}${words.of}`,
      allowed: listed(tokens.map((token) => renderAudience(normalAudience(token.audience, apiAudiences)))),
      fix: words.another,
    };
  } else if (expirationSeconds > granted.expirationSeconds) {
    yield {
      code: 'TokenLivesTooLong',
      path: words.path.expirationSeconds,
      asked: `${expirationSeconds} s${words.of}`,
      allowed: `${granted.expirationSeconds} s`,
      fix: words.longer(granted.expirationSeconds),
    };
  }
  if (expirationSeconds === EXTENDED_TOKEN_SECONDS) {
    yield {
      code: 'TokenWouldBeExtended',
      path: words.path.expirationSeconds,
      asked: `${EXTENDED_TOKEN_SECONDS} s${words.of}, which the API server extends to a year`,
      allowed: `any other lifetime up to ${granted?.expirationSeconds ?? 0} s`,
      fix: words.other,
    };
  }
}
