import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuthority, createLeaf } from '../kube/certificate-authority.ts';
import { silentLogger } from '../kube/logger.ts';
import { watchClientAuthorities, type ClientAuthorities } from './client-authorities.ts';

const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
const first = await createAuthority('first', validity);
const { certificate: one } = first;
const { certificate: another } = await createAuthority('second', validity);
const { certificate: ofNoAuthority } = await createLeaf(first, ['webhook.svc'], validity);

/** How often the file is looked at. */
const OFTEN_MS = 5;
let directory: string;
let file: string;
let watched: ClientAuthorities | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taskgrant-clients-'));
  file = join(directory, 'ca.crt');
});

afterEach(async () => {
  watched?.stop();
  watched = undefined;
  await rm(directory, { recursive: true, force: true });
});

test('a bundle is taken whole, and what is written around its certificates left out', async () => {
  await writeFile(file, `# of the control plane\n${one}# and of the next\n${another}`);
  watched = await watchClientAuthorities(file, silentLogger, OFTEN_MS);
  expect(watched.current()).toBe(`${one}${another}`);
});

describe('nobody is let in by', () => {
  const half = one.slice(0, one.length / 2);
  test.each([
    ['a file that is empty', '', 'there is no certificate in it'],
    ['half a certificate', half, 'there is no certificate in it'],
    [
      'what is no certificate',
      one.replace(/[A-Za-z]{20}/, ''),
      'certificate 1 of it is none of an authority',
    ],
    ['one of no authority', `${one}${ofNoAuthority}`, 'certificate 2 of it is none of an authority'],
  ])('%s', async (_, content, problem) => {
    await writeFile(file, content);
    await expect(watchClientAuthorities(file, silentLogger)).rejects.toThrow(problem);
  });

  test('a file that is not there', async () => {
    await expect(watchClientAuthorities(file, silentLogger)).rejects.toThrow('ENOENT');
  });
});

test('a changed file is taken up, and one that cannot be used leaves those before, and is said once', async () => {
  await writeFile(file, one);
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
  watched = await watchClientAuthorities(file, logger, OFTEN_MS);
  const taken: string[] = [];
  watched.onChange((authorities) => taken.push(authorities));

  await writeFile(file, '');
  await vi.waitFor(() => {
    expect(errors).toHaveLength(1);
  }, 20_000);
  expect(watched.current()).toBe(one);

  await writeFile(file, one + another);
  await vi.waitFor(() => {
    expect(taken).toEqual([one + another]);
  }, 20_000);
  expect(watched.current()).toBe(one + another);
  expect(errors).toHaveLength(1);
});
