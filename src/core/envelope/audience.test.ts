import { expect, test } from 'vitest';
import { aGrant, withGrantedTokens } from '../testing/builders.ts';
import { API_AUDIENCE } from '../testing/judging.ts';
import { audiencesNamedOnce } from './audience.ts';

const token = (name: string, audience?: string) => ({
  name,
  expirationSeconds: 600,
  ...(audience !== undefined && { audience }),
});

test('different audiences are fine', () => {
  expect(
    audiencesNamedOnce(aGrant(withGrantedTokens(token('a'), token('b', 'b'), token('c', 'c'))), []),
  ).toEqual([]);
});

test('the API server’s own, left out and written out, is the same audience', () => {
  const grant = aGrant(withGrantedTokens(token('a'), token('b', 'b'), token('c', API_AUDIENCE)));
  expect(audiencesNamedOnce(grant, [API_AUDIENCE])).toMatchObject([
    {
      code: 'AudienceTwice',
      path: 'spec.envelope.tokens[2].audience',
      asked: 'the API server, as spec.envelope.tokens[0] does',
    },
  ]);
  expect(audiencesNamedOnce(grant, [])).toEqual([]);
});
