/** The texts that `-f` names. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { messageOf, type Problem } from './problem.ts';

export interface Source {
  /** As the author names it; `stdin` for what was piped in. */
  file: string;
  text: string;
}

/** What kubectl takes from a folder (cli-runtime, resource.FileExtensions). */
export const EXTENSIONS = ['.yaml', '.yml', '.json'] as const;

export interface SourceOptions {
  /** Whether folders within folders are read, too. */
  recursive: boolean;
  stdin: NodeJS.ReadableStream;
}

/** Everything that the names lead to, in their order, and by name within a folder. What cannot be read hides nothing else. */
export async function readSources(
  names: readonly string[],
  { recursive, stdin }: SourceOptions,
): Promise<{ sources: Source[]; problems: Problem[] }> {
  const sources: Source[] = [];
  const problems: Problem[] = [];
  const reading = async (file: string, read: () => Promise<string>) => {
    try {
      sources.push({ file, text: await read() });
    } catch (error) {
      problems.push({ file, message: cannotRead(error) });
    }
  };
  // Each once, as stdin can be read only once; and as kubectl takes several in one, by commas.
  for (const name of new Set(names.flatMap((each) => each.split(',')))) {
    if (name === '-') {
      await reading('stdin', () => text(stdin));
      continue;
    }
    const { files, problem } = await filesOf(name, recursive);
    if (problem !== undefined) problems.push({ file: name, message: problem });
    for (const file of files) await reading(file, () => readFile(file, 'utf8'));
  }
  return { sources, problems };
}

async function filesOf(name: string, recursive: boolean): Promise<{ files: string[]; problem?: string }> {
  try {
    if (!(await stat(name)).isDirectory()) return { files: [name] };
    const entries = await readdir(name, { recursive, withFileTypes: true });
    const named = entries
      .filter((entry) => !entry.isDirectory() && hasExtension(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    // A device or a pipe is read where it is named, and not where it lies in a folder: it may have no end.
    const regular = await Promise.all(named.map(isRegular));
    const files = named.filter((_, index) => regular[index]);
    if (files.length > 0) return { files };
    const hint = recursive ? '' : '; -R looks into the folders within, too';
    return { files, problem: `no file in it ends in ${EXTENSIONS.join(', ')}${hint}` };
  } catch (error) {
    return { files: [], problem: cannotRead(error) };
  }
}

/** A link that leads nowhere counts as a file: that it cannot be read is said of it. */
async function isRegular(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => true,
  );
}

function hasExtension(name: string): boolean {
  return EXTENSIONS.some((extension) => extension === extname(name));
}

function cannotRead(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder: correct the name after -f';
    case 'EACCES':
      return 'it may not be read: change its permissions, or read it as somebody else';
    default:
      return `cannot be read: ${messageOf(error)}`;
  }
}
