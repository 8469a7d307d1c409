/** What the API server fills in, for objects that it has not seen. */
import { Value } from 'typebox/value';
import type { TSchema } from './schema.ts';

/**
 * The value with the schema's defaults in it, as the API server stores it: nulls are dropped first, so that a field that is null gets
 * its default too (apiextensions, structural/defaulting, PruneNonNullableNullsWithoutDefaults). What does not fit the schema stays.
 */
export function withDefaults(schema: TSchema, value: unknown): unknown {
  return Value.Default(schema, withoutNulls(value));
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
