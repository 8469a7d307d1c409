import { expect, test } from 'vitest';
import {
  aGrant,
  aPod,
  IMAGE,
  withContainer,
  withInitContainer,
  withVolume,
  withWorkload,
} from '../testing/builders.ts';
import { judge } from '../testing/judging.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test('any of the patterns allows an image', () => {
  const grant = aGrant(withWorkload({ images: ['nginx', 'registry.example/agents/*:v*'] }));
  expect(judge(aPod(withInitContainer({ image: 'docker.io/library/nginx:latest' })), grant)).toEqual([]);
});

test('an image that no pattern matches is refused in whatever kind of container', () => {
  expect(judge(aPod(withInitContainer({ image: 'busybox' })))).toEqual([
    {
      code: 'ImageNotGranted',
      path: 'spec.initContainers[0].image',
      asked: 'busybox',
      allowed: IMAGE,
      fix: 'use an image that spec.workload.images matches, or name it in a new grant',
    },
  ]);
});

test('an image volume is held to the same', () => {
  expect(judge(aPod(withVolume({ image: { reference: 'tools' } })))).toMatchObject([
    { code: 'ImageNotGranted', path: 'spec.volumes[0].image.reference', asked: 'tools' },
  ]);
});

test('what is no image reference is refused and called so', () => {
  const grant = aGrant(withWorkload({ images: ['**'] }));
  expect(judge(aPod(withContainer({ image: 'Not An Image' })), grant)).toMatchObject([
    { code: 'ImageNotGranted', asked: 'Not An Image, which is no image reference' },
  ]);
});

test('who pins an image that is granted by tag only is told how a grant allows that', () => {
  const [violation] = judge(aPod(withContainer({ image: `${IMAGE}@${digest}` })));
  expect(violation?.fix).toContain('only a pattern with @ matches a digest');
});
