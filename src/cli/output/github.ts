/** Workflow commands of GitHub Actions: each violation is shown at its line of a pull request. */
import { quoted, renderViolation } from '../../core/decision/denial.ts';
import type { Violation } from '../../core/decision/violation.ts';
import { titleOf } from '../finding.ts';
import type { Manifest } from '../manifests.ts';
import type { Render } from './report.ts';

/** An error for each violation and for each problem, a warning for what is not refused. */
export const renderGithub: Render = ({ findings, problems }) => {
  const found = findings.flatMap(({ manifest, violations, warnings }) => [
    ...violations.map((violation) => annotation('error', manifest, violation)),
    ...warnings.map((violation) => annotation('warning', manifest, violation)),
  ]);
  const others = problems.map(({ file, line, column, message }) =>
    command('error', { file, line, col: column, title: 'Cannot be read' }, message),
  );
  return [...found, ...others].map((line) => `${line}\n`).join('');
};

function annotation(severity: Severity, manifest: Manifest, violation: Violation): string {
  const { line, column, endLine } = manifest.regionOf(violation.path);
  const place = { file: manifest.file, line, endLine, col: column, title: violation.code };
  return command(severity, place, `${quoted(titleOf(manifest))}: ${renderViolation(violation)}`);
}

type Severity = 'error' | 'warning';

type Properties = Record<string, string | number | undefined>;

/** As the runner reads it (actions/toolkit, core/src/command.ts). */
function command(severity: Severity, properties: Properties, message: string): string {
  const written = Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapedProperty(String(value))}`],
  );
  return `::${severity} ${written.join(',')}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
