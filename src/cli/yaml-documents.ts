/** YAML as kubectl reads it, with the place of everything in it. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type ParseOptions,
  type DocumentOptions,
  type SchemaOptions,
  type Tags,
  type YAMLMap,
} from 'yaml';
import { stepsOf } from './json-path.ts';
import { messageOf } from './problem.ts';

/** Where something stands. Lines and columns are from 1; the end is behind the last character. */
export interface Region {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

export interface YamlDocument {
  value: unknown;
  /** Where a path stands; where it leads beyond what is there, the last that is. */
  regionOf: (path: string) => Region;
}

export interface YamlFault {
  line: number;
  column: number;
  message: string;
}

/** So many times may what an alias stands for be repeated in all: a file of a kilobyte must not become a gigabyte. */
const MAX_ALIASES = 1000;

/** Every document of the text that can be read, without those that are empty, and the first fault of every other. */
export function parseYaml(text: string): { documents: YamlDocument[]; faults: YamlFault[] } {
  const parts = [...partsOf(text)].map(({ text, line }) => parsePart(text, line));
  return {
    documents: parts.flatMap(({ documents }) => documents),
    faults: parts.flatMap(({ faults }) => faults),
  };
}

/**
 * The text, cut before each `---` at the beginning of a line, as kubectl cuts it before it looks for YAML
 * (apimachinery, util/yaml, splitYAMLDocument): what is left open in one document does not swallow the next.
 */
function* partsOf(text: string): Generator<{ text: string; /** Lines before it. */ line: number }> {
  let line = 0;
  for (const part of text.split(/^(?=---(?:\s|$))/mu)) {
    yield { text: part, line };
    line += part.split('\n').length - 1;
  }
}

function parsePart(text: string, linesBefore: number): ReturnType<typeof parseYaml> {
  const counter = new LineCounter();
  const placeOf: PlaceOf = (offset) => {
    const { line, col: column } = counter.linePos(offset);
    return { line: line + linesBefore, column };
  };
  const documents: YamlDocument[] = [];
  const faults: YamlFault[] = [];
  try {
    for (const document of parseAllDocuments(text, { ...AS_KUBECTL, lineCounter: counter })) {
      const [error] = document.errors;
      if (error) {
        faults.push({ ...placeOf(error.pos[0]), message: error.message });
        continue;
      }
      const again = repeatedKey(document);
      if (again !== undefined) {
        faults.push({ ...placeOf(again), message: 'this field is there twice' });
        continue;
      }
      try {
        const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
        if (value !== null) documents.push({ value, regionOf: (path) => regionOf(document, path, placeOf) });
      } catch (thrown) {
        faults.push({ ...placeOf(danglingAlias(document) ?? 0), message: messageOf(thrown) });
      }
    }
  } catch (thrown) {
    // Text that is nested deeper than the stack of any program that would read it.
    faults.push({ ...placeOf(0), message: messageOf(thrown) });
  }
  return { documents, faults };
}

type PlaceOf = (offset: number) => { line: number; column: number };

/** Where a field stands for the second time in its map. `<<` may be there as often as one likes. */
function repeatedKey(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === '<<') continue;
        // As the text that JSON has of it.
        const name = String(key.value);
        if (seen.has(name)) {
          offset = key.range?.[0];
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return offset;
}

/** Where an alias of nothing stands. */
function danglingAlias(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document)) return undefined;
      offset = alias.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}

/**
 * kubectl reads YAML 1.1 (sigs.k8s.io/yaml on go-yaml v2): `no` is false, 0644 is octal, `<<` merges; but a time is a string, and
 * so is what has colons between its digits. Fields that are there twice, of which kubectl takes the last, are a fault here: one of
 * the two is not what its author believes.
 */
const AS_KUBECTL: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  merge: true,
  customTags: (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || !isUnknownToKubectl(tag)),
  // Looked for below: here the time would grow with the square of their number.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'error',
};

function isUnknownToKubectl({ tag, format }: { tag: string; format?: string | undefined }): boolean {
  return format === 'TIME' || tag === 'tag:yaml.org,2002:timestamp';
}

function regionOf(document: Document, path: string, placeOf: PlaceOf): Region {
  let value: unknown = document.contents;
  let [start, end] = spanOf(value, document);
  for (const step of stepsOf(path)) {
    const inner = stepInto(resolved(value, document), step, document);
    if (!inner) break;
    value = inner.value;
    const key = inner.key ?? value;
    [start] = spanOf(key, document);
    [, end] = spanOf(isScalar(value) ? value : key, document);
  }
  const { line: endLine, column: endColumn } = placeOf(end);
  return { ...placeOf(start), endLine, endColumn };
}

function resolved(value: unknown, document: Document): unknown {
  return isAlias(value) ? value.resolve(document) : value;
}

interface Inner {
  /** Of an entry of a map. */
  key?: unknown;
  value: unknown;
}

function stepInto(value: unknown, step: string, document: Document): Inner | undefined {
  if (isMap(value)) return entryOf(value, step, document);
  const item = isSeq(value) ? value.items[Number(step)] : undefined;
  return item === undefined ? undefined : { value: item };
}

function entryOf(map: YAMLMap, name: string, document: Document): Inner | undefined {
  const own = map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  if (own) return own;
  // The value of `<<` as a merge key is a symbol.
  const merged = map.items.filter(({ key }) => isScalar(key) && typeof key.value === 'symbol');
  for (const { value } of merged) {
    const source = resolved(value, document);
    for (const one of isSeq(source) ? source.items : [source]) {
      const inner = stepInto(resolved(one, document), name, document);
      if (inner) return inner;
    }
  }
  return undefined;
}

/** From where to where something is shown: of a map or a list no more than its beginning, which is what one looks for. */
function spanOf(node: unknown, document: Document): [start: number, end: number] {
  const first = isMap(node) ? node.items[0]?.key : isSeq(node) ? node.items[0] : undefined;
  if (isNode(first)) return spanOf(first, document);
  const [start, end] = (isNode(node) ? node.range : undefined) ?? document.range ?? [0, 0];
  return [start, end];
}
