import type { RequestRule } from './rule.ts';

/** The pod runs as the account that was made for its grant. */
export const serviceAccountIsTheGrants: RequestRule<'ServiceAccount'> = function* (
  { value, path },
  { grant },
) {
  const { serviceAccountName } = grant.status ?? {};
  if (value === serviceAccountName) return;
  yield {
    code: 'ServiceAccountNotGranted',
    path,
    asked: value,
    allowed: serviceAccountName ?? 'an account that does not exist yet',
    fix: 'leave serviceAccountName and serviceAccount out: they are filled in',
  };
};

/** No token but those of the envelope. */
export const nothingIsAutomounted: RequestRule<'Automount'> = function* ({ value, path }) {
  if (value === false) return;
  yield {
    code: 'TokenAutomounted',
    path,
    asked: value === undefined ? 'the default, true' : 'true',
    allowed: 'false',
    fix: 'leave it out: it is filled in, and the tokens of the envelope are mounted',
  };
};
