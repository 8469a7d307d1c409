import { describe, expect, test } from 'vitest';
import {
  aGrant,
  aPod,
  IMAGE,
  withContainer,
  withEphemeralContainer,
  withInitContainer,
  withSpec,
  withVolume,
  withWorkload,
} from '../testing/builders.ts';
import { judge, judgeUpdate } from '../testing/judging.ts';

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

test('that a digest takes a pattern with @ is said only where there is none', () => {
  const fixUnder = (...images: string[]) =>
    judge(
      aPod(withContainer({ image: `registry.example:443/a@${digest}` })),
      aGrant(withWorkload({ images })),
    )[0]?.fix;
  expect(fixUnder('registry.example/a:v1')).toContain('only a pattern with @');
  expect(fixUnder('registry.example/a:v1', 'registry.example/a@sha256:*')).not.toContain('@');
});

test('a container without an image is told so', () => {
  expect(judge(aPod(withContainer({ image: '' })))).toMatchObject([{ asked: 'no image' }]);
});

test.each(['sha256:7f24888b48cff', digest])(
  '%s is an image of the node by its id, whatever a pattern says',
  (id) => {
    const grant = aGrant(withWorkload({ images: ['*:*', '**'] }));
    expect(judge(aPod(withContainer({ image: id })), grant).map(({ code }) => code)).toContain(
      'ImageNotGranted',
    );
  },
);

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

describe('many images', () => {
  const containers = (images: readonly string[]) =>
    withSpec({ containers: images.map((image, index) => ({ name: `c${index}`, image })) });

  test('of one value are refused once for each container', () => {
    const images = Array.from({ length: 3 }, () => 'busybox');
    expect(judge(aPod(containers(images)))).toMatchObject([
      { path: 'spec.containers[0].image', asked: 'busybox' },
      { path: 'spec.containers[1].image', asked: 'busybox' },
      { path: 'spec.containers[2].image', asked: 'busybox' },
    ]);
  });

  test('are told the first ten patterns and how many more there are', () => {
    const patterns = Array.from({ length: 12 }, (_, index) => `agent-${index}`);
    const allowedBy = (images: string[]) =>
      judge(aPod(withContainer({ image: 'busybox' })), aGrant(withWorkload({ images })))[0]?.allowed;
    expect(allowedBy(patterns)).toBe(`${patterns.slice(0, 10).join(', ')}, … and 2 more`);
    expect(allowedBy(patterns.slice(0, 10))).toBe(patterns.slice(0, 10).join(', '));
  });

  test('are judged by the worst patterns of a grant that never met the webhook', () => {
    // As long as the CRD takes patterns and runtimes take references. Where positions were followed one by one, this
    // was three thousand million steps.
    const patterns = Array.from({ length: 64 }, (_, index) =>
      index % 2 === 0 ? `docker.io/${'**a'.repeat(167)}b` : `docker.io/**${'a'.repeat(490)}b`,
    );
    const images = Array.from({ length: 300 }, (_, index) => `docker.io/${'a'.repeat(500)}c${index}`);
    const violations = judge(aPod(containers(images)), aGrant(withWorkload({ images: patterns })));
    expect(violations).toHaveLength(300);
  });
});

describe('processes in common', () => {
  const sharing = (...images: string[]) =>
    judge(
      aPod(
        withSpec({
          shareProcessNamespace: true,
          containers: images.map((image, index) => ({ name: `c${index}`, image })),
        }),
      ),
      aGrant(withWorkload({ images: ['**', '**@sha256:*'] })),
    ).filter(({ code }) => code === 'ProcessesShared');

  test('are for containers of one image, however it is written', () => {
    expect(sharing('nginx')).toEqual([]);
    expect(sharing('nginx', 'docker.io/library/nginx:latest', 'index.docker.io/nginx')).toEqual([]);
    // Beside a digest a tag means nothing.
    expect(sharing(`nginx:1@${digest}`, `nginx@${digest}`, `nginx:2@${digest}`)).toEqual([]);
  });

  test('are not for containers of several', () => {
    expect(sharing('nginx', 'nginx:1.29')).toMatchObject([
      {
        code: 'ProcessesShared',
        path: 'spec.shareProcessNamespace',
        asked: 'true, for docker.io/library/nginx latest, docker.io/library/nginx 1.29',
        allowed: 'it for containers of one image',
      },
    ]);
    expect(sharing('nginx', `nginx@${digest}`)).toHaveLength(1);
    expect(sharing('', 'nginx')).toHaveLength(1);
    expect(sharing('NOT AN IMAGE', 'NEITHER')).toHaveLength(1);
  });

  test('include those of a debugger that comes later', () => {
    const grant = aGrant(withWorkload({ images: [IMAGE, 'busybox'], allowExec: true }));
    const pod = aPod(withSpec({ shareProcessNamespace: true }));
    const debugged = withEphemeralContainer({ image: 'busybox' })(pod);
    expect(judgeUpdate(pod, debugged, grant)).toMatchObject([{ code: 'ProcessesShared' }]);
    expect(judgeUpdate(pod, withEphemeralContainer({ image: IMAGE })(pod), grant)).toEqual([]);
  });
});
