/** Workflow commands of GitHub Actions: each violation is shown at its line of a pull request. */
import { renderViolation } from '../../core/decision/denial.ts';
import { titleOf } from '../finding.ts';
import type { Render } from './report.ts';

/** An error for each violation and for each problem. */
export const renderGithub: Render = ({ findings, problems }) => {
  const violations = findings.flatMap(({ manifest, violations }) =>
    violations.map((violation) => {
      const { line, column, endLine } = manifest.regionOf(violation.path);
      const place = { file: manifest.file, line, endLine, col: column, title: violation.code };
      return command(place, `${titleOf(manifest)}: ${renderViolation(violation)}`);
    }),
  );
  const others = problems.map(({ file, line, column, message }) =>
    command({ file, line, col: column, title: 'Cannot be read' }, message),
  );
  return [...violations, ...others].map((line) => `${line}\n`).join('');
};

type Properties = Record<string, string | number | undefined>;

/** As the runner reads it (actions/toolkit, core/src/command.ts). */
function command(properties: Properties, message: string): string {
  const written = Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapedProperty(String(value))}`],
  );
  return `::error ${written.join(',')}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
