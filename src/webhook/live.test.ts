import { expect, test } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { pods } from '../kube/resources.ts';
import { found } from './live.ts';

const answering = (get: () => Promise<unknown>) => ({ get: get as Client['get'] });
const place = { namespace: 'agents', name: 'a' };

test('an object that is there is found', async () => {
  const pod = { metadata: { name: 'a' } };
  expect(
    await found(
      answering(() => Promise.resolve(pod)),
      pods,
      place,
    ),
  ).toBe(pod);
});

test('one that is not is none, and any other answer is none of that', async () => {
  const saying = (code: number) => answering(() => Promise.reject(new ApiError('get', code, {})));
  expect(await found(saying(404), pods, place)).toBeUndefined();
  await expect(found(saying(403), pods, place)).rejects.toThrow('HTTP 403');
  await expect(
    found(
      answering(() => Promise.reject(new Error('gone'))),
      pods,
      place,
    ),
  ).rejects.toThrow('gone');
});

test.each(['', '.', '..', 'a/b', '../secrets/x', 'a%2fb'])(
  'nothing can be named %j, and nobody is asked',
  async (name) => {
    const asked = answering(() => Promise.reject(new Error('asked')));
    expect(await found(asked, pods, { namespace: 'agents', name })).toBeUndefined();
  },
);
