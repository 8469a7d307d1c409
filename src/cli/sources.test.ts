import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSources } from './sources.ts';

let folder: string;
const stdin = Readable.from(['piped']);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskgrant-sources-'));
  await mkdir(join(folder, 'within'));
  await mkdir(join(folder, 'empty'));
  for (const name of ['b.yml', 'a.yaml', 'c.json', 'README.md', 'within/d.yaml'])
    await writeFile(join(folder, name), name);
});

afterAll(() => rm(folder, { recursive: true }));

const textsOf = async (names: string[], recursive = false) =>
  (await readSources(names, { recursive, stdin })).sources.map(({ text }) => text);

test('a folder is its YAML and JSON, by name; what is within it only where that is asked for', async () => {
  expect(await textsOf([folder])).toEqual(['a.yaml', 'b.yml', 'c.json']);
  expect(await textsOf([folder], true)).toEqual(['a.yaml', 'b.yml', 'c.json', 'within/d.yaml']);
});

test('several are named at once, with commas between them', async () => {
  expect(await textsOf([`${join(folder, 'a.yaml')},${join(folder, 'b.yml')}`])).toEqual(['a.yaml', 'b.yml']);
});

test('what lies in a folder and is no file is not read: it may have no end', async () => {
  const odd = join(folder, 'odd');
  await mkdir(odd);
  await symlink('/dev/zero', join(odd, 'endless.yaml'));
  await symlink(join(folder, 'a.yaml'), join(odd, 'linked.yaml'));
  expect(await textsOf([odd])).toEqual(['a.yaml']);
});

test('a file that is named is read whatever its name, and - is what is piped in', async () => {
  expect(await textsOf([join(folder, 'README.md'), '-', '-'])).toEqual(['README.md', 'piped']);
});

test('what cannot be read says what to do, and hides nothing else', async () => {
  const nowhere = join(folder, 'nowhere.yaml');
  const empty = join(folder, 'empty');
  const { sources, problems } = await readSources([nowhere, join(folder, 'a.yaml'), empty], {
    recursive: false,
    stdin,
  });
  expect(sources).toHaveLength(1);
  expect(problems).toEqual([
    { file: nowhere, message: 'no such file or folder: correct the name after -f' },
    {
      file: empty,
      message: 'no file in it ends in .yaml, .yml, .json; -R looks into the folders within, too',
    },
  ]);
});
