import { expect, test } from 'vitest';
import { audiencesIn, ownApiAudiences } from './api-audiences.ts';

const tokenWith = (claims: unknown) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

test('the audiences of a token are its aud claim, one or several', () => {
  expect(audiencesIn(tokenWith({ aud: 'https://kubernetes.default.svc' }))).toEqual([
    'https://kubernetes.default.svc',
  ]);
  expect(audiencesIn(tokenWith({ aud: ['https://kubernetes.default.svc', 'k3s'] }))).toEqual([
    'https://kubernetes.default.svc',
    'k3s',
  ]);
});

test.each([tokenWith({}), tokenWith({ aud: [] }), tokenWith({ aud: 7 }), tokenWith(null), 'opaque', ''])(
  'what names no audience is an error that does not quote it',
  (token) => {
    expect(() => audiencesIn(token)).toThrow(/^the token of this process (names no audience|is no JWT)$/);
  },
);

test('outside of a pod there is no token, and the error says what to do', async () => {
  await expect(ownApiAudiences('/nonexistent/token')).rejects.toThrow('name the API server');
});
