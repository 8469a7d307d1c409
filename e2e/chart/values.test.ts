import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chart } from './release.ts';

interface Schema {
  $ref?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  unevaluatedProperties?: boolean;
}

const values = parse(await readFile(`${chart}/values.yaml`, 'utf8')) as Record<string, unknown>;
const schema = JSON.parse(await readFile(`${chart}/values.schema.json`, 'utf8')) as Schema & {
  $defs: Record<string, Schema>;
};

test('every value has an entry in the schema, with a description', () => {
  expect(pathsIn(values).filter((path) => !described(path))).toEqual([]);
});

test('every entry of the schema has a default in values.yaml', () => {
  // What else a class can limit, and where Helm puts the values of a parent chart.
  const withoutDefault = ['global', 'defaultClass.limits.maxActivePerNamespace'];
  expect(entriesOf(schema).filter((path) => valueAt(path) === undefined)).toEqual(withoutDefault);
});

test('the chart’s versions are the product’s', async () => {
  const { version, appVersion } = parse(await readFile(`${chart}/Chart.yaml`, 'utf8')) as Record<
    string,
    string
  >;
  const product = JSON.parse(await readFile(`${chart}/../../package.json`, 'utf8')) as { version: string };
  expect([version, appVersion]).toEqual([product.version, product.version]);
});

/** All paths of objects and leaves, such as `image` and `image.tag`, down to where the schema stops naming properties. */
function pathsIn(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, below]) => {
    const path = prefix + name;
    return entryAt(path)?.properties ? [path, ...pathsIn(below, `${path}.`)] : [path];
  });
}

function described(path: string): boolean {
  return (entryAt(path)?.description ?? '') !== '';
}

function entryAt(path: string): Schema | undefined {
  return path
    .split('.')
    .reduce<Schema | undefined>(
      (at, name) => (at && resolved(at.properties?.[name])) ?? undefined,
      resolved(schema),
    );
}

/** The schema with that which it refers to; its own keywords win. */
function resolved(entry: Schema | undefined): Schema | undefined {
  const reference = entry?.$ref?.replace('#/$defs/', '');
  const referred = reference === undefined ? undefined : schema.$defs[reference];
  if (!entry || !referred) return entry;
  return { ...referred, ...entry, properties: { ...referred.properties, ...entry.properties } };
}

function entriesOf(entry: Schema, prefix = ''): string[] {
  return Object.entries(resolved(entry)?.properties ?? {}).flatMap(([name, below]) => {
    const path = prefix + name;
    return [path, ...entriesOf(below, `${path}.`)];
  });
}

function valueAt(path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined,
      values,
    );
}
