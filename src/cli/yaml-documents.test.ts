import { describe, expect, test } from 'vitest';
import { parseYaml } from './yaml-documents.ts';

function valueOf(text: string): unknown {
  const { documents, faults } = parseYaml(text);
  expect(faults).toEqual([]);
  return documents[0]?.value;
}

describe('what a value means is what it means to kubectl', () => {
  test.each([
    ['no', false],
    ['On', true],
    ['y', true],
    ['0644', 420],
    ['0x1F', 31],
    ['1_000', 1000],
    ['12:30', '12:30'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
    ['~', null],
    ["'no'", 'no'],
  ])('%s', (text, value) => {
    expect(valueOf(`a: ${text}\n`)).toEqual({ a: value });
  });

  test('a merge key merges', () => {
    expect(valueOf('base: &base { a: 1 }\nmore: { <<: *base, b: 2 }\n')).toMatchObject({
      more: { a: 1, b: 2 },
    });
  });

  test('JSON with tabs', () => {
    expect(valueOf('{\n\t"a": [\n\t\t1\n\t]\n}\n')).toEqual({ a: [1] });
  });
});

test('documents that are empty, or only comments, are none', () => {
  const { documents, faults } = parseYaml(
    '# Source: chart/templates/a.yaml\n---\na: 1\n---\n# nothing\n---\n',
  );
  expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }]);
  expect(faults).toEqual([]);
});

describe('a document that cannot be read says where, and hides no other', () => {
  test.each([
    ['a bracket that is not closed', 'a: 1\n---\nb: [1\n---\nc: 3\n', 4],
    ['an indentation that fits nowhere', 'a: 1\n---\nb:\n   c: 1\n  d: 2\n---\nc: 3\n', 5],
    ['a field that is there twice', 'a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n', 4],
    ['a quote that is not closed', 'a: 1\n---\nb: "x\n---\nc: 3\n', 4],
    ['an alias of nothing', 'a: 1\n---\nb: *nowhere\n---\nc: 3\n', 3],
  ])('%s', (_what, text, line) => {
    const { documents, faults } = parseYaml(text);
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { c: 3 }]);
    expect(faults).toMatchObject([{ line }]);
  });

  test('aliases that would fill the memory', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const refs = Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*l${level - 1}`)).join(', ');
      return `l${level}: &l${level} [${refs}]`;
    });
    expect(parseYaml(`${levels.join('\n')}\n`).faults).toMatchObject([
      { message: expect.stringContaining('alias') as string },
    ]);
  });

  test('brackets without an end', () => {
    expect(parseYaml('['.repeat(100_000)).faults).toHaveLength(1);
  });
});

describe('where a path stands', () => {
  const text = `metadata:
  labels: { app: a, example.com/b: c }
base: &base
  deep: { x: 1 }
list:
  - name: first
    image: one
  - *base
  - { <<: *base, y: 2 }
`;
  const [document] = parseYaml(text).documents;

  test.each([
    ['metadata', 1, 1, 'metadata'],
    ['metadata.labels[example.com/b]', 2, 21, 'example.com/b: c'],
    ['list[0]', 6, 5, 'name'],
    ['list[0].image', 7, 5, 'image: one'],
    ['list[0].none.deeper', 6, 5, 'name'],
    ['list[1].deep.x', 4, 11, 'x: 1'],
    ['list[2].deep.x', 4, 11, 'x: 1'],
    ['nowhere', 1, 1, 'metadata'],
  ])('%s', (path, line, column, shown) => {
    const region = document?.regionOf(path);
    expect(region).toMatchObject({ line, column });
    const there = text.split('\n')[line - 1]?.slice(column - 1, (region?.endColumn ?? 0) - 1);
    expect(there).toBe(shown);
  });
});
