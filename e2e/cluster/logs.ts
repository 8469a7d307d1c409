import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentName } from './components.ts';

/** The last lines that a component, or the supervisor, has written; none if there is no such log. */
export function logTail(
  logs: string,
  component: ComponentName | 'supervisor',
  lines = 15,
): readonly string[] {
  const path = join(logs, `${component}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines) : [];
}
