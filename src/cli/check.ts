/** `kubectl taskgrant check` */
import type { Level } from '../api/group.ts';
import { namespaceNote, withInput, type InputFlags, type Surroundings } from './input.ts';
import { judgeAll } from './judge.ts';
import { RENDERERS, type Format } from './output/renderers.ts';
import { renderNote, renderProblem } from './problem.ts';

export interface CheckFlags extends InputFlags {
  output: Format;
  level: Level;
}

export interface Outcome {
  stdout: string;
  /** Lines. */
  stderr: string[];
  code: ExitCode;
}

/** 0: everything is allowed. 1: something is denied. 2: something could not be read. */
export type ExitCode = 0 | 1 | 2;

export interface Terminal extends Surroundings {
  colours: boolean;
}

/** @throws CannotRun where a flag makes no sense, or the cluster cannot be asked */
export async function check(flags: CheckFlags, terminal: Terminal): Promise<Outcome> {
  return withInput(flags, terminal, async ({ manifests, problems, notes, world }) => {
    const judged = await judgeAll(manifests, world);
    const report = { findings: judged.findings, problems: [...problems, ...judged.problems] };
    const open = namespaceNote(
      report.findings.map(({ manifest }) => manifest),
      flags.namespace,
    );
    const isDenied = report.findings.some(({ violations }) => violations.length > 0);
    return {
      stdout: RENDERERS[flags.output](report, terminal),
      stderr: [
        ...[...(open === undefined ? [] : [open]), ...notes].map(renderNote),
        ...report.problems.map(renderProblem),
      ],
      code: report.problems.length > 0 ? 2 : isDenied ? 1 : 0,
    };
  });
}
