/** Objects as they are written in files: text with places that are filled in when it is known where they go. */
import { readFile } from 'node:fs/promises';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

export type WrittenObject = z.infer<typeof objectSchema>;

/** YAML of one object, which may hold `{{namespace}}` and the like. */
export type ObjectText = string & { readonly isObjectText: true };

/** What the places in texts stand for: `{ namespace: 'escapes-1a2b' }`. */
export type Filling = Readonly<Record<string, string>>;

/** The objects of a file, in its order; none where there is no such file. */
export async function readObjects(path: string): Promise<ObjectText[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return String(document) as ObjectText;
  });
}

/** @throws Error where a place is left open. */
export function fill(text: string, filling: Filling): string {
  return text.replaceAll(/\{\{(\w+)\}\}/gu, (place, name: string) => {
    const value = filling[name];
    if (value === undefined) throw new Error(`nothing to fill in for ${place}`);
    return value;
  });
}

export function objectOf(text: ObjectText, filling: Filling): WrittenObject {
  return objectSchema.parse(parse(fill(text, filling)));
}

/** The kind, without knowing where the object goes. */
export function kindOf(text: ObjectText): string {
  return z.looseObject({ kind: z.string() }).parse(parse(text)).kind;
}
