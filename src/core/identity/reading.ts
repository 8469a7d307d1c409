/** A pod as the API server reads it from JSON, so that everything after it may rely on its types. */
import type { Pod } from '../../api/kubernetes.ts';
import { ALWAYS } from './always.ts';
import { isAbsent } from '../record.ts';
import { POD_SCHEMA } from './pod-schema.ts';
import { isDefinition, itemOf, type PodDefinition, type Shape } from './schema.ts';
import { MAX_SHAPE_FAULTS, shapeOf, type ShapeFault } from './shape.ts';

export interface Reading {
  /** Undefined where it cannot be read: something in it is not what it has to be, or more is unknown than is looked at. */
  pod: Pick<Pod, 'metadata' | 'spec'> | undefined;
  /** Everything in it that is not as Kubernetes has it. */
  faults: readonly ShapeFault[];
}

/** Null is as absent; what a definition always has is empty where it is missing; what is not known is left out. */
export function readPod(pod: unknown): Reading {
  const { faults, isComplete } = shapeOf(pod);
  // As the API server sends nearly all of them.
  if (isComplete) return { pod: pod as Pod, faults };
  const isReadable = faults.length < MAX_SHAPE_FAULTS && faults.every(({ kind }) => kind === 'UnknownField');
  return { pod: isReadable ? (read(pod) as Pod) : undefined, faults };
}

/** What a value is read as: the value itself where nothing about it has to be mended, which is nearly always. */
type Reader = (value: unknown) => unknown;

const asItIs: Reader = (value) => value;

/** Of a definition, with those of every other that it leads to, each once. */
function readerOf(name: PodDefinition, readers = new Map<string, Reader>()): Reader {
  const known = readers.get(name);
  if (known) return known;
  const fields = new Map<string, Reader>();
  const reader = definitionReader(fields, Object.entries(ALWAYS[name] ?? {}));
  readers.set(name, reader);
  for (const [field, shape] of Object.entries<Shape>(POD_SCHEMA[name])) {
    const item = itemOf(shape);
    const of = isDefinition(item) ? readerOf(item as PodDefinition, readers) : asItIs;
    fields.set(field, shape.startsWith('[') ? listReader(of) : shape.startsWith('{') ? readMap : of);
  }
  return reader;
}

function definitionReader(fields: ReadonlyMap<string, Reader>, always: readonly [string, unknown][]): Reader {
  return (value) => {
    const before = value as Record<string, unknown>;
    let after: Record<string, unknown> | undefined;
    for (const field in before) {
      const inner = before[field];
      const read = isAbsent(inner) ? undefined : fields.get(field)?.(inner);
      if (read === inner) continue;
      after ??= { ...before };
      after[field] = read;
    }
    for (const [field, empty] of always) {
      if (!isAbsent(before[field])) continue;
      after ??= { ...before };
      after[field] = empty;
    }
    return after ?? before;
  };
}

function listReader(of: Reader): Reader {
  if (of === asItIs) return asItIs;
  return (value) => {
    const before = value as readonly unknown[];
    const after = before.map(of);
    return after.some((item, index) => item !== before[index]) ? after : before;
  };
}

/** Maps are of texts and quantities only, and Go keeps a key whose value is null. */
const readMap: Reader = (value) => {
  const entries = Object.entries(value as object);
  if (!entries.some(([, inner]) => isAbsent(inner))) return value;
  return Object.fromEntries(entries.map(([key, inner]: [string, unknown]) => [key, inner ?? '']));
};

const read = readerOf('Pod');
