import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VIOLATION_CODES } from '../decision/codes.ts';
import { imagePatternsOf, MAX_WILDCARDS, matchesImage, parseImagePattern } from './image-pattern.ts';
import { parseImage } from './image-reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const OTHER_DIGEST = `sha256:${'f'.repeat(64)}`;

const allows = (pattern: string, image: string): boolean => {
  const reference = parseImage(image);
  return reference !== undefined && matchesImage(reference, parseImagePattern(pattern));
};

describe('a reference in canonical form', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx', 'latest', undefined],
    ['nginx:1.27', 'docker.io/library/nginx', '1.27', undefined],
    ['docker.io/nginx', 'docker.io/library/nginx', 'latest', undefined],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx', 'latest', undefined],
    ['bitnami/redis', 'docker.io/bitnami/redis', 'latest', undefined],
    ['localhost/a', 'localhost/a', 'latest', undefined],
    ['registry.example:5000/a/b:v1', 'registry.example:5000/a/b', 'v1', undefined],
    ['[fe80::1]:5000/a', '[fe80::1]:5000/a', 'latest', undefined],
    ['Registry/a', 'Registry/a', 'latest', undefined],
    [`a@${DIGEST}`, 'docker.io/library/a', undefined, DIGEST],
    [`registry.example/a:v1@${DIGEST}`, 'registry.example/a', 'v1', DIGEST],
  ])('%s', (text, name, tag, digest) => {
    expect(parseImage(text)).toEqual({ name, tag, digest });
  });

  test.each([
    ['nothing', ''],
    ['a repository in upper case', 'registry.example/Agent'],
    ['a name in upper case', 'Agent'],
    ['an empty tag', 'agent:'],
    ['an empty digest', 'agent@'],
    ['a short digest', 'agent@sha256:abc'],
    ['two digests', `agent@${DIGEST}@${DIGEST}`],
    ['an empty segment', 'registry.example//agent'],
    ['a segment of dots', 'registry.example/../agent'],
    ['a slash at the end', 'registry.example/'],
    ['a blank', ' agent'],
    ['a line break', 'agent\n'],
    ['something that looks like an id', '0'.repeat(64)],
    ['a tag that is too long', `agent:${'a'.repeat(129)}`],
    ['a scheme', 'https://registry.example/agent'],
    ['a reference of a megabyte', 'a'.repeat(2 ** 20)],
  ])('is not made of %s', (_, text) => {
    expect(parseImage(text)).toBeUndefined();
  });
});

describe('an image is allowed', () => {
  test.each([
    ['registry.example/agents/summariser:v1', 'registry.example/agents/summariser:v1'],
    ['nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/library/nginx:latest', 'nginx'],
    ['registry.example/agents/*:v1', 'registry.example/agents/summariser:v1'],
    ['registry.example/**:v1', 'registry.example/agents/deep/summariser:v1'],
    ['registry.example/**/summariser:v*', 'registry.example/agents/deep/summariser:v12'],
    ['*.example/agent', 'eu.example/agent'],
    ['docker.io/**', 'bitnami/redis'],
    ['docker.io/*', 'nginx'],
    ['a@sha256:*', `a@${DIGEST}`],
    ['a@sha256:*', `a:v1@${DIGEST}`],
    [`a@${DIGEST}`, `a@${DIGEST}`],
    ['a:v*@sha256:*', `a:v1@${DIGEST}`],
    ['a:*', 'a'],
  ])('by %s: %s', (pattern, image) => {
    expect(allows(pattern, image)).toBe(true);
  });
});

describe('an image is not allowed', () => {
  test.each([
    ['of another registry', 'nginx', 'registry.example/library/nginx'],
    ['in a registry whose port looks like a tag', 'agent:*', 'agent:5000/evil'],
    ['with another tag', 'a:v1', 'a:v2'],
    ['with a tag, where none means latest', 'a', 'a:v1'],
    ['with a digest under an allowed tag', 'a:v1', `a:v1@${OTHER_DIGEST}`],
    ['with a digest, where any tag is allowed', 'a:*', `a@${DIGEST}`],
    ['without a digest, where one is wanted', 'a@sha256:*', 'a:v1'],
    ['with another digest', `a@${DIGEST}`, `a@${OTHER_DIGEST}`],
    ['with a digest of another algorithm', 'a@sha256:*', `a@sha512:${'0'.repeat(128)}`],
    ['with a digest but without the tag that is wanted', 'a:v1@sha256:*', `a@${DIGEST}`],
    ['in a deeper path than * crosses', 'registry.example/*:v1', 'registry.example/a/b:v1'],
    ['of a registry whose name goes on', 'registry.example/**', 'registry.example.evil.com/a'],
    ['of a registry whose name has another case', 'registry.example/a', 'REGISTRY.example/a'],
    ['that is a prefix', 'registry.example/agents/summariser:v1', 'registry.example/agents/summarise:v1'],
    ['that goes on behind the pattern', 'registry.example/a:v1', 'registry.example/a:v11'],
    ['by a dot that is meant as any character', 'registry.example/a.b', 'registry.example/a-b'],
  ])('%s', (_, pattern, image) => {
    expect(allows(pattern, image)).toBe(false);
  });
});

test('a reference written as a pattern allows itself and nothing else', () => {
  const segment = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const reference = fc
    .tuple(
      fc.constantFrom('', 'registry.example/', 'registry.example:5000/', 'docker.io/', 'localhost/'),
      fc.array(segment, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', ':v1', ':latest', `@${DIGEST}`, `:v1@${DIGEST}`),
    )
    .map(([domain, path, rest]) => domain + path.join('/') + rest);
  fc.assert(
    fc.property(reference, reference, (one, other) => {
      expect(allows(one, one)).toBe(true);
      const same = JSON.stringify(parseImage(one)) === JSON.stringify(parseImage(other));
      const differInTagOfDigest = one.includes('@') && other.includes('@');
      if (!differInTagOfDigest) expect(allows(one, other)).toBe(same);
    }),
  );
});

describe('patterns', () => {
  test.each([
    'registry.example/agents/summariser@sha256:*',
    'registry.example:5000/**:v*',
    'docker.io/**',
    '*.example/a:*@sha256:*',
    'a@*',
    `a@sha256:0123*`,
    'registry.example/team-*/a',
  ])('that images can match are fine: %s', (pattern) => {
    expect(imagePatternsOf([pattern])).toEqual([]);
  });

  test.each([
    '',
    ':v1',
    '@sha256:*',
    'registry.example/Agent:v1',
    'a b',
    'a@sha256:0123',
    'https://a.example/b',
  ])('that no image can match are refused: %s', (pattern) => {
    expect(imagePatternsOf(['fine', pattern])).toMatchObject([
      { code: 'ImagePatternInvalid', path: 'spec.workload.images[1]', asked: pattern },
    ]);
  });

  const withWildcards = (count: number) => `registry.example/${'a*'.repeat(count - 2)}/**:*`;

  test('may have as many wildcards as stated, and a run of stars is one', () => {
    expect(imagePatternsOf([withWildcards(MAX_WILDCARDS)])).toEqual([]);
    expect(imagePatternsOf(['**'.repeat(20)])).toEqual([]);
  });

  test('with more wildcards are refused and told so', () => {
    expect(imagePatternsOf(['fine', withWildcards(MAX_WILDCARDS + 1)])).toEqual([
      {
        code: 'ImagePatternInvalid',
        path: 'spec.workload.images[1]',
        asked: '9 wildcards',
        allowed: '8 wildcards in a pattern, where a run of * is one',
        fix: 'write one ** for several segments, or several patterns',
      },
    ]);
    expect(VIOLATION_CODES.ImagePatternInvalid.means).toContain(`more than ${MAX_WILDCARDS} wildcards`);
    expect(VIOLATION_CODES.ImagePatternInvalid.remedy).toContain(`at most ${MAX_WILDCARDS} times`);
  });
});
