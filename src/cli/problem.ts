/** What is wrong with the input, as opposed to what would be refused of it. */
import { quoted } from '../core/decision/denial.ts';

export interface Problem {
  /** As the author names it: a path, or `stdin`. */
  file: string;
  /** From 1; undefined where the file as a whole is meant. */
  line?: number;
  /** From 1, in UTF-16 code units. */
  column?: number;
  /** What is wrong, and what to do. */
  message: string;
}

/** The command was called in a way that makes no sense, or something that it needs cannot be had: said to the user, without a stack. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/** `file:line:column: message`, as editors and terminals know it. */
export function renderProblem({ file, line, column, message }: Problem): string {
  const place = [quoted(file), line, column].filter((part) => part !== undefined).join(':');
  return `${place}: ${quoted(message)}`;
}

/** What whoever reads the result has to know besides. It may name what stands in somebody else's file. */
export function renderNote(text: string): string {
  return `note: ${quoted(text)}`;
}

/** What an error says, of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
