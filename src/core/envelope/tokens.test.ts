import { expect, test } from 'vitest';
import { aGrant, aPod, withEnvelope, withGrantedTokens, withToken } from '../testing/builders.ts';
import { API_AUDIENCE, judge } from '../testing/judging.ts';

const tools = 'https://tools.example';
const source = 'spec.volumes[0].projected.sources[0].serviceAccountToken';
const grant = aGrant(
  withGrantedTokens(
    { name: 'api', expirationSeconds: 600 },
    { name: 'tools', audience: tools, expirationSeconds: 900 },
  ),
);

test('a token for an audience of the envelope, as long as it allows, is granted', () => {
  expect(judge(aPod(withToken({ audience: tools, expirationSeconds: 900 })), grant)).toEqual([]);
  expect(judge(aPod(withToken({ audience: tools, expirationSeconds: 600 })), grant)).toEqual([]);
});

test('an audience that is left out, empty or written out is the API server’s', () => {
  for (const audience of [undefined, '', API_AUDIENCE]) {
    const token = { expirationSeconds: 600, ...(audience !== undefined && { audience }) };
    expect(judge(aPod(withToken(token)), grant)).toEqual([]);
    expect(judge(aPod(withToken(token)), aGrant(withEnvelope({ tokens: [] })))).toMatchObject([
      { code: 'TokenAudienceNotGranted', asked: 'the API server', allowed: 'nothing' },
    ]);
  }
});

test('the API server’s audience written out in the envelope grants the one that is left out', () => {
  const written = aGrant(withGrantedTokens({ name: 'api', audience: API_AUDIENCE, expirationSeconds: 600 }));
  expect(judge(aPod(withToken({ expirationSeconds: 600 })), written)).toEqual([]);
});

test('a token for an audience outside the envelope is named with its path', () => {
  const pod = aPod(withToken({ audience: 'https://elsewhere.example', expirationSeconds: 600 }));
  expect(judge(pod, grant)).toEqual([
    {
      code: 'TokenAudienceNotGranted',
      path: `${source}.audience`,
      asked: 'https://elsewhere.example',
      allowed: 'the API server, https://tools.example',
      fix: 'add the audience to spec.envelope.tokens of a new grant, or drop this volume source',
    },
  ]);
});

test('audiences are compared exactly', () => {
  for (const audience of [`${tools}/`, 'https://TOOLS.example', 'https://*.example']) {
    expect(judge(aPod(withToken({ audience, expirationSeconds: 600 })), grant)).toMatchObject([
      { code: 'TokenAudienceNotGranted' },
    ]);
  }
});

test('a token that lives longer than the envelope says is refused', () => {
  expect(judge(aPod(withToken({ audience: tools, expirationSeconds: 901 })), grant)).toMatchObject([
    { code: 'TokenLivesTooLong', path: `${source}.expirationSeconds`, asked: '901 s', allowed: '900 s' },
  ]);
});

test('a token without a lifetime lives for an hour', () => {
  expect(judge(aPod(withToken({ audience: tools })), grant)).toMatchObject([
    { code: 'TokenLivesTooLong', asked: '3600 s' },
  ]);
});

test('3607 seconds are refused also where the envelope allows for more', () => {
  const generous = aGrant(withGrantedTokens({ name: 'api', expirationSeconds: 7200 }));
  expect(judge(aPod(withToken({ expirationSeconds: 3607 })), generous)).toMatchObject([
    {
      code: 'TokenWouldBeExtended',
      path: `${source}.expirationSeconds`,
      asked: '3607 s, which the API server extends to a year',
      allowed: 'any other lifetime up to 7200 s',
    },
  ]);
  expect(judge(aPod(withToken({ expirationSeconds: 3606 })), generous)).toEqual([]);
});

test('everything that is wrong with a token is said', () => {
  expect(
    judge(aPod(withToken({ audience: 'x', expirationSeconds: 3607 })), grant).map(({ code }) => code),
  ).toEqual(['TokenAudienceNotGranted', 'TokenWouldBeExtended']);
});
