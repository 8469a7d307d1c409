/** For people at a terminal. */
import { quoted, renderViolation } from '../../core/decision/denial.ts';
import { titleOf, type Finding } from '../finding.ts';
import { inColour, type Paint } from './colours.ts';
import type { Render, Report } from './report.ts';

/** A line for each object, under it one for each violation, and how many there are in all. */
export const renderText: Render = (report, { colours }) => {
  const paint = inColour(colours);
  const lines = report.findings.flatMap((finding) => [...linesOf(finding, paint)]);
  return [...lines, ...(lines.length > 0 ? [''] : []), summaryOf(report), ''].join('\n');
};

function* linesOf({ manifest, violations, warnings }: Finding, paint: Paint): Generator<string> {
  const { file, regionOf } = manifest;
  const placeOf = (path: string) => paint('dim', `${quoted(file)}:${regionOf(path).line}`);
  const verdict = violations.length > 0 ? paint('red', 'denied') : paint('green', 'allowed');
  yield `${placeOf('')}  ${paint('bold', quoted(titleOf(manifest)))}  ${verdict}`;
  for (const violation of violations) yield `  ${placeOf(violation.path)}  ${renderViolation(violation)}`;
  for (const warning of warnings) yield `  ${placeOf(warning.path)}  warning: ${renderViolation(warning)}`;
}

function summaryOf({ findings, problems }: Report): string {
  const denied = findings.filter(({ violations }) => violations.length > 0);
  const violations = denied.reduce((sum, finding) => sum + finding.violations.length, 0);
  const warnings = findings.reduce((sum, finding) => sum + finding.warnings.length, 0);
  const counts = [
    `${findings.length - denied.length} allowed`,
    `${denied.length} denied${violations > 0 ? ` (${counted(violations, 'violation')})` : ''}`,
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(problems.length > 0 ? [`${counted(problems.length, 'problem')} with the input`] : []),
  ];
  return findings.length + problems.length === 0
    ? 'Nothing to judge: no pods, nothing that makes pods, no TaskGrants, and no TaskGrantClasses.'
    : `${counts.join(', ')}.`;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
