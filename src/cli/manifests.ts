/** Objects as they stand in files. */
import { withoutNulls } from '../api/defaults.ts';
import { GROUP } from '../api/group.ts';
import type { KubernetesObject, ObjectMeta } from '../api/kubernetes.ts';
import { isRecord } from '../core/record.ts';
import { groupOf, knownKind, shapeFaultsOf } from './kinds.ts';
import type { Problem } from './problem.ts';
import type { Source } from './sources.ts';
import { parseYaml, type Region, type YamlDocument } from './yaml-documents.ts';

export interface Manifest {
  file: string;
  /** With its namespace, where its kind is in one. */
  object: KubernetesObject;
  /** Whether its author left the namespace open. */
  inDefaultNamespace: boolean;
  /** Where a path of the object stands in the file. */
  regionOf: (path: string) => Region;
}

/** Every object of the texts, those within lists too, and what cannot be read. */
export function manifestsIn(
  sources: readonly Source[],
  namespace: string,
): { manifests: Manifest[]; problems: Problem[] } {
  const manifests: Manifest[] = [];
  const problems: Problem[] = [];
  for (const { file, text } of sources) {
    const { documents, faults } = parseYaml(text);
    problems.push(...faults.map((fault) => ({ file, ...fault, message: notYaml(fault.message, text) })));
    for (const { value: written, regionOf } of documents.flatMap((document) => [...objectsIn(document)])) {
      const value = asRead(written);
      const shape = shapeFaultsOf(value);
      problems.push(
        ...shape.map(({ path, message }) => ({
          file,
          ...startOf(regionOf(path)),
          message: at(path, message),
        })),
      );
      if (shape.length === 0)
        manifests.push(manifestOf(file, value as KubernetesObject, regionOf, namespace));
    }
  }
  return { manifests, problems };
}

/** Without what is null and means nothing; but of our own kinds the schemas say what that is, since no field besides may even be null. */
function asRead(written: unknown): unknown {
  const value = withoutNulls(written);
  if (!isRecord(value) || !isRecord(written)) return value;
  const { apiVersion } = value;
  if (typeof apiVersion !== 'string' || groupOf(apiVersion) !== GROUP) return value;
  const beside = Object.entries(written).filter(([field]) => field !== 'metadata');
  return { ...value, ...Object.fromEntries(beside) };
}

function manifestOf(
  file: string,
  object: KubernetesObject,
  regionOf: Manifest['regionOf'],
  namespace: string,
): Manifest {
  const metadata = (object.metadata as ObjectMeta | undefined) ?? {};
  const isNamespaced = knownKind(object)?.namespaced ?? false;
  const inDefaultNamespace = isNamespaced && !metadata.namespace;
  return {
    file,
    object: { ...object, metadata: { ...metadata, ...(inDefaultNamespace && { namespace }) } },
    inDefaultNamespace,
    regionOf,
  };
}

/** The items of a list (`kubectl get -o yaml` gives one), or the object itself. */
function* objectsIn({ value, regionOf }: YamlDocument): Generator<YamlDocument> {
  const items = itemsOf(value);
  if (!items) {
    yield { value, regionOf };
    return;
  }
  for (const [index, item] of items.entries()) {
    const prefix = `items[${index}]`;
    yield* objectsIn({
      value: item,
      regionOf: (path) => regionOf(path === '' ? prefix : `${prefix}.${path}`),
    });
  }
}

function itemsOf(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('items' in value))
    return undefined;
  const { kind, items } = value;
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items : undefined;
}

function notYaml(message: string, text: string): string {
  const hint = text.includes('{{')
    ? 'render a chart’s templates first: helm template … | kubectl taskgrant … -f -'
    : 'correct the YAML';
  return `${message}; ${hint}`;
}

function at(path: string, message: string): string {
  return path === '' ? `no object of Kubernetes: ${message}` : `${path}: ${message}`;
}

/** Where a region begins. */
export function startOf({ line, column }: Region): { line: number; column: number } {
  return { line, column };
}
