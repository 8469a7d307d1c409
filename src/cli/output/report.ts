/** The forms in which findings are shown. */
import type { Finding } from '../finding.ts';
import type { Problem } from '../problem.ts';

export interface Report {
  findings: readonly Finding[];
  problems: readonly Problem[];
}

export interface Look {
  /** Whether escape sequences for colours may be used. */
  colours: boolean;
  /** Of this program. */
  version: string;
}

/** Text for stdout, with its last newline. Problems go to stderr by themselves, where a form does not hold them. */
export type Render = (report: Report, look: Look) => string;
