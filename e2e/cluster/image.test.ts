import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeImage } from './image.ts';
import type { Image } from './image.ts';
import { must } from './process.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'taskgrant-image-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const long = `/${'deep/'.repeat(30)}${'name'.repeat(20)}`;

function describe(): Image {
  writeFileSync(join(directory, 'program'), 'x'.repeat(700), { mode: 0o700 });
  return {
    name: 'localhost/thing:1',
    files: [
      { path: '/bin/program', from: join(directory, 'program'), mode: 0o755 },
      { path: '/bin/alias', link: 'program' },
      { path: '/tmp', directory: true, mode: 0o1777 },
      { path: '/etc/passwd', content: 'root:x:0:0::/:\n' },
      { path: long, content: '' },
    ],
    entrypoint: ['/bin/program'],
    command: ['serve'],
    user: '65532:65532',
    environment: { HOME: '/tmp' },
  };
}

async function written(image: Image, name = 'image.tar'): Promise<string> {
  const path = join(directory, name);
  await writeImage(image, path);
  return path;
}

test('tar reads every file of the layer, with its mode, its owner and its date', async () => {
  const image = await written(describe());
  await must(['tar', '-xf', image, '-C', directory, 'layer.tar']);
  const list = ['tar', '--numeric-owner', '--utc', '--full-time', '-tvf', join(directory, 'layer.tar')];
  const lines = (await must(list)).trim().split('\n');
  const shown = lines.map((line) => line.replaceAll(/\s+/g, ' ')).filter((line) => !line.includes('deep/'));
  expect(shown).toEqual([
    'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 bin/',
    'lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 bin/alias -> program',
    '-rwxr-xr-x 0/0 700 1970-01-01 00:00:00 bin/program',
    'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/',
    '-rw-r--r-- 0/0 15 1970-01-01 00:00:00 etc/passwd',
    'drwxrwxrwt 0/0 0 1970-01-01 00:00:00 tmp/',
  ]);
  expect(lines.join('\n')).toContain(long.slice(1));
});

test('the configuration names the layer by its digest, and says how the image runs', async () => {
  await must(['tar', '-xf', await written(describe()), '-C', directory]);
  const read = (name: string): unknown => JSON.parse(readFileSync(join(directory, name), 'utf8'));
  const digest = createHash('sha256')
    .update(readFileSync(join(directory, 'layer.tar')))
    .digest('hex');
  expect(read('manifest.json')).toEqual([
    { Config: 'config.json', RepoTags: ['localhost/thing:1'], Layers: ['layer.tar'] },
  ]);
  expect(read('config.json')).toMatchObject({
    os: 'linux',
    config: {
      Entrypoint: ['/bin/program'],
      Cmd: ['serve'],
      User: '65532:65532',
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/tmp'],
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  });
});

test('the same files make the same archive, in whatever order they are given', async () => {
  const image = describe();
  const one = readFileSync(await written(image, 'one.tar'));
  const other = readFileSync(await written({ ...image, files: image.files.toReversed() }, 'other.tar'));
  expect(one.equals(other)).toBe(true);
});

test('of a file that is given by a link, the content is taken', async () => {
  const image = describe();
  symlinkSync('program', join(directory, 'link'));
  const linked = await written({ ...image, files: [{ path: '/p', from: join(directory, 'link') }] });
  await must(['tar', '-xf', linked, '-C', directory, 'layer.tar']);
  expect(await must(['tar', '-xOf', join(directory, 'layer.tar'), 'p'])).toBe('x'.repeat(700));
});

test('an image that cannot be written leaves no file', async () => {
  const image = { ...describe(), files: [{ path: '/gone', from: join(directory, 'gone') }] };
  await expect(written(image)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(readdirSync(directory)).toEqual(['program']);
});

test('a name that no tar can hold is refused', async () => {
  const image = { ...describe(), files: [{ path: `/${'x'.repeat(200)}`, content: '' }] };
  await expect(written(image)).rejects.toThrow('is too long for a tar archive');
});
