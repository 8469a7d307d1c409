import { describe, expect, test } from 'vitest';
import { aClass, aGrant, withWorkload } from '../testing/builders.ts';
import { imagesArePinned } from './pinned-images.ts';

const PINNED = aClass({ requireImageDigest: true });
const judged = (...images: string[]) => imagesArePinned(aGrant(withWorkload({ images })), PINNED);

test('a class that does not ask for digests takes any image', () => {
  expect(imagesArePinned(aGrant(withWorkload({ images: ['agent:v1'] })), aClass())).toEqual([]);
});

test.each([
  `registry.example/agent@sha256:${'0'.repeat(64)}`,
  'registry.example/agent@sha256:*',
  'registry.example/agent:v*@*',
  'registry.example:5000/**@sha256:*',
])('%s is pinned', (image) => {
  expect(judged(image)).toEqual([]);
});

describe('what is not pinned is named with its path, and how it could be', () => {
  test.each([
    ['agent', 'agent@'],
    ['agent:v1', 'agent@'],
    ['registry.example:5000/agent', 'registry.example:5000/agent@'],
    ['registry.example:5000/agents/*:v1', 'registry.example:5000/agents/*@'],
  ])('%s', (image, pinned) => {
    expect(judged('agent@sha256:*', image)).toEqual([
      {
        code: 'ImageNotPinned',
        path: 'spec.workload.images[1]',
        asked: image,
        allowed: 'patterns with a digest part',
        fix: `pin it, as in ${pinned}sha256:…, or write @sha256:* for any digest of the repository`,
      },
    ]);
  });
});
