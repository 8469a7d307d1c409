/** The page docs/reference/pod-fields.md: the verdict on every field of a pod. */
import { POD_SCHEMA, POD_SCHEMA_VERSION } from '../src/core/identity/pod-schema.ts';
import { itemOf, type Schema } from '../src/core/identity/schema.ts';
import { POD_SURFACE } from '../src/core/identity/surface.ts';
import type { Rulings, Verdict } from '../src/core/identity/verdict.ts';
import { code, notice, table } from './reference.ts';

const SCHEMA: Schema = POD_SCHEMA;
const SURFACE: Readonly<Record<string, Rulings<string>>> = POD_SURFACE;

const GRAVEST_FIRST: readonly Verdict[] = ['Identity', 'Leads', 'Harmless'];

export function podFieldsReference(): string {
  const definitions = Object.entries(SURFACE).map(
    ([definition, fields]) => `## ${definition}

Occurs as ${placesOf(definition).map(code).join(', ')}.

${table(['Fields', 'Verdict', 'Why'], rowsOf(fields))}`,
  );
  return `${notice('src/core/identity/surface.ts')}# The fields of a pod

Every field of a pod's metadata and spec in Kubernetes ${POD_SCHEMA_VERSION} that holds a value either carries identity by itself (**Identity**), can
lead to one, be it a credential, the node's or another's identity, or the choice of the program that holds it (**Leads**), or is harmless.
A verdict says what a field can do, in the gravest of the places where it occurs, and is no refusal: what is refused, and why, is in
[reasons.md](../reasons.md). What stands in none of these tables cannot be judged, and is refused where pods are judged.

${definitions.join('\n')}`;
}

/** One row for the fields that share a verdict and its reason; the gravest first. */
function rowsOf(fields: Rulings<string>): string[][] {
  return GRAVEST_FIRST.flatMap((verdict) => {
    const ofIt = Object.entries(fields).filter(([, ruling]) => ruling.verdict === verdict);
    const byReason = Map.groupBy(ofIt, ([, { why }]) => why);
    return [...byReason].map(([why, group]) => [
      group.map(([field]) => code(field)).join(', '),
      verdict,
      why,
    ]);
  });
}

/** Where a definition occurs: as a field of the pod, or of a definition with a table of its own. */
function placesOf(definition: string): string[] {
  if (definition === 'Pod') return ['Pod'];
  return Object.entries(SCHEMA).flatMap(([parent, fields]) =>
    Object.entries(fields)
      .filter(([, shape]) => itemOf(shape) === definition)
      .flatMap(([field, shape]) => {
        const name = shape.startsWith('[') ? `${field}[]` : field;
        const above = parent in SURFACE ? [parent] : placesOf(parent);
        return above.map((place) => `${place}.${name}`);
      }),
  );
}
