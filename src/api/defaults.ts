/** What the API server fills in, for objects that it has not seen. */
import { Value } from 'typebox/value';
import { structural, type StructuralSchema } from './crd.ts';
import type { TSchema } from './schema.ts';

/**
 * The value with the schema's defaults in it, as the API server stores it: nulls are dropped first, so that a field that is null gets
 * its default too (apiextensions, structural/defaulting, PruneNonNullableNullsWithoutDefaults). What does not fit the schema stays, a
 * null in a field that it does not know too.
 */
export function withDefaults(schema: TSchema, value: unknown): unknown {
  return Value.Default(schema, withoutKnownNulls(structural(schema), value));
}

function withoutKnownNulls(schema: StructuralSchema | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutKnownNulls(schema?.items, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inner !== null || !fieldOf(schema, key))
      .map(([key, inner]) => [key, withoutKnownNulls(fieldOf(schema, key), inner)]),
  );
}

function fieldOf(schema: StructuralSchema | undefined, key: string): StructuralSchema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  return Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
}

/** A copy without the fields that are null, which mean nothing. An item of a list stays: leaving it out would move the others. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}
