import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ceiling } from '../../api/taskgrantclass.ts';
import {
  aClass,
  aGrant,
  withEnvelope,
  withGrantedTokens,
  withWorkload,
  type Change,
} from '../testing/builders.ts';
import { API_AUDIENCE } from '../testing/judging.ts';
import { withinCeiling } from './ceiling.ts';

type Grant = ReturnType<typeof aGrant>;

function beyond(ceiling: Ceiling | undefined, ...changes: Change<Grant>[]) {
  const itsClass = aClass(ceiling && { ceiling }, 'readers');
  return withinCeiling(aGrant(withGrantedTokens(), ...changes), itsClass, [API_AUDIENCE]).map(
    ({ path, asked, allowed }) => [path, asked, allowed],
  );
}

const EVERYTHING: Change<Grant>[] = [
  withEnvelope({
    tokens: [
      { name: 'api', expirationSeconds: 600 },
      { name: 'tools', audience: 'https://tools.example', expirationSeconds: 600 },
    ],
    secrets: ['ticket-db'],
    certificates: [{ signerName: 'example.com/workload', maxExpirationSeconds: 3600 }],
    csiDrivers: ['csi.spiffe.io'],
    externalIdentity: { 'iam.amazonaws.com/role': 'reader' },
  }),
  withWorkload({ deviceClasses: ['example.com/gpu'] }),
];

test('a class without a ceiling bounds nothing', () => {
  expect(beyond(undefined, ...EVERYTHING)).toEqual([]);
});

test('what a ceiling does not name is not allowed: an empty one allows nothing', () => {
  expect(beyond({}, ...EVERYTHING).map(([path]) => path)).toEqual([
    'spec.envelope.tokens[0]',
    'spec.envelope.tokens[1].audience',
    'spec.envelope.secrets[0]',
    'spec.envelope.certificates[0].signerName',
    'spec.envelope.csiDrivers[0]',
    'spec.envelope.externalIdentity[iam.amazonaws.com/role]',
    'spec.workload.deviceClasses[0]',
  ]);
});

test('a grant that holds nothing but RBAC is within every ceiling', () => {
  expect(beyond({})).toEqual([]);
});

test('everything of a grant can be within a ceiling', () => {
  const ceiling: Ceiling = {
    tokens: [{ expirationSeconds: 600 }, { audience: 'https://*.example', expirationSeconds: 3600 }],
    secrets: ['ticket-*'],
    certificates: [{ signerName: 'example.com/*', maxExpirationSeconds: 3600 }],
    csiDrivers: ['*.spiffe.io'],
    externalIdentity: { 'iam.amazonaws.com/role': 'read*' },
    deviceClasses: ['example.com/*'],
  };
  expect(beyond(ceiling, ...EVERYTHING)).toEqual([]);
});

test('what is beyond is said with what to do', () => {
  const grant = aGrant(withGrantedTokens(), withEnvelope({ secrets: ['db'] }));
  expect(withinCeiling(grant, aClass({ ceiling: { secrets: ['a-*', 'b'] } }, 'readers'), [])).toEqual([
    {
      code: 'BeyondCeiling',
      path: 'spec.envelope.secrets[0]',
      asked: 'db',
      allowed: 'a-*, b',
      fix: 'ask for less, or use a class whose spec.ceiling has it: that of readers does not',
    },
  ]);
});

describe('a token', () => {
  const api = { name: 'api', expirationSeconds: 900 };
  const named = (audience: string) => ({ name: 'named', audience, expirationSeconds: 900 });

  test.each<
    [string, Ceiling['tokens'], { name: string; audience?: string; expirationSeconds: number }, boolean]
  >([
    ['for the API server, by an entry without an audience', [{ expirationSeconds: 900 }], api, true],
    ['the same, spelled out', [{ expirationSeconds: 900 }], named(API_AUDIENCE), true],
    [
      'the same, by an entry that spells it out',
      [{ audience: API_AUDIENCE, expirationSeconds: 900 }],
      api,
      true,
    ],
    ['the same, by a glob for everything', [{ audience: '**', expirationSeconds: 900 }], api, true],
    ['the same, by a glob for others', [{ audience: '*.example', expirationSeconds: 900 }], api, false],
    ['for another audience, by an entry without one', [{ expirationSeconds: 900 }], named('vault'), false],
    [
      'by a glob',
      [{ audience: 'https://*.example', expirationSeconds: 900 }],
      named('https://a.example'),
      true,
    ],
    [
      'beyond a * that does not cross a slash',
      [{ audience: 'https://*', expirationSeconds: 900 }],
      named('https://a.example/b'),
      false,
    ],
  ])('%s', (_what, tokens, token, isAllowed) => {
    expect(beyond({ tokens: tokens ?? [] }, withGrantedTokens(token))).toHaveLength(isAllowed ? 0 : 1);
  });

  test('lives no longer than the most that an entry for its audience says', () => {
    const tokens = [
      { audience: 'vault', expirationSeconds: 600 },
      { audience: 'v*', expirationSeconds: 800 },
      { audience: 'others', expirationSeconds: 3600 },
    ];
    expect(beyond({ tokens }, withGrantedTokens(named('vault')))).toEqual([
      ['spec.envelope.tokens[0].expirationSeconds', '900 s', '800 s for vault'],
    ]);
  });

  test('for nobody that the ceiling names is told whom it names', () => {
    const tokens = [{ expirationSeconds: 600 }, { audience: 'v*', expirationSeconds: 600 }];
    expect(beyond({ tokens }, withGrantedTokens(named('https://elsewhere')))).toEqual([
      ['spec.envelope.tokens[0].audience', 'a token for https://elsewhere', 'the API server, v*'],
    ]);
  });
});

describe('a certificate', () => {
  const asked = (certificate: object) =>
    withEnvelope({
      certificates: [{ signerName: 'example.com/workload', maxExpirationSeconds: 7200, ...certificate }],
    });

  test('is within one entry with all that it asks for', () => {
    const certificates = [
      { signerName: 'example.com/*', maxExpirationSeconds: 3600, userAnnotations: { role: '*' } },
      { signerName: 'example.com/workload', maxExpirationSeconds: 86_400 },
    ];
    expect(beyond({ certificates }, asked({}))).toEqual([]);
    // Neither entry allows both the annotation and so long a life.
    expect(beyond({ certificates }, asked({ userAnnotations: { role: 'reader' } }))).toEqual([
      ['spec.envelope.certificates[0].maxExpirationSeconds', '7200 s', '3600 s'],
    ]);
  });

  test('asks for no annotation that the entry does not have, nor for another value', () => {
    const certificates = [
      { signerName: '**', maxExpirationSeconds: 7200, userAnnotations: { role: 'read-*' } },
    ];
    expect(beyond({ certificates }, asked({ userAnnotations: { role: 'admin', team: 'a' } }))).toEqual([
      ['spec.envelope.certificates[0].userAnnotations[role]', 'role: admin', 'role: read-*'],
      ['spec.envelope.certificates[0].userAnnotations[team]', 'team: a', 'role'],
    ]);
  });
});

test('another system’s identity is compared by its key as it stands, and by its value with globs', () => {
  const externalIdentity = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::*:role/agents-*' };
  const asked = (entries: Record<string, string>) =>
    beyond({ externalIdentity }, withEnvelope({ externalIdentity: entries }));
  expect(asked({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/agents-a' })).toEqual([]);
  expect(asked({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' })).toHaveLength(1);
  expect(asked({ constructor: 'x' })).toEqual([
    ['spec.envelope.externalIdentity[constructor]', 'constructor: x', 'eks.amazonaws.com/role-arn'],
  ]);
});

test('a ceiling that names exactly what a grant asks for allows it, whatever that is', () => {
  const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes('*'));
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 5 }),
      fc.uniqueArray(name, { maxLength: 5 }),
      (asked, others) => {
        const ceiling = { secrets: [...others, ...asked], csiDrivers: asked, deviceClasses: asked };
        const changes = [
          withEnvelope({ secrets: asked, csiDrivers: asked }),
          withWorkload({ deviceClasses: asked }),
        ];
        expect(beyond(ceiling, ...changes)).toEqual([]);
        const missing = asked.filter((one) => !others.includes(one));
        expect(beyond({ secrets: others }, withEnvelope({ secrets: asked }))).toHaveLength(missing.length);
      },
    ),
  );
});
