/** Audiences of tokens, and which of them mean the API server. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';

/**
 * An audience, with the API server's own as undefined however it is spelled: the kubelet always writes it out when
 * it mints, and an omitted one means the same (TokenRequest, spec.audiences).
 *
 * @param apiAudiences what the API server calls itself (--api-audiences), as its own tokens say
 */
export function normalAudience(
  audience: string | undefined,
  apiAudiences: readonly string[],
): string | undefined {
  return audience === undefined || apiAudiences.includes(audience) ? undefined : audience;
}

/** An audience for people. */
export function renderAudience(audience: string | undefined): string {
  return audience ?? 'the API server';
}

/** Which lifetime holds for an audience has to be clear. */
export function audiencesNamedOnce(
  { spec }: Pick<TaskGrant, 'spec'>,
  apiAudiences: readonly string[],
): Violation[] {
  const { tokens = [] } = spec.envelope;
  const audiences = tokens.map(({ audience }) => normalAudience(audience, apiAudiences));
  return audiences.flatMap((audience, index) =>
    audiences.indexOf(audience) === index
      ? []
      : [
          {
            code: 'AudienceTwice',
            path: `spec.envelope.tokens[${index}].audience`,
            asked: `${renderAudience(audience)}, as spec.envelope.tokens[${audiences.indexOf(audience)}] does`,
            allowed: 'each audience once',
            fix: 'leave one of the two out',
          },
        ],
  );
}
