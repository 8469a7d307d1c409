/** For programs. */
import type { Violation } from '../../core/decision/violation.ts';
import { nameOf } from '../finding.ts';
import type { Render } from './report.ts';

/** A list with one entry for each object that was judged. */
export const renderJson: Render = ({ findings }) => {
  const entries = findings.map(({ manifest, violations, warnings }) => ({
    file: manifest.file,
    kind: manifest.object.kind,
    namespace: manifest.object.metadata.namespace ?? '',
    name: nameOf(manifest.object),
    allowed: violations.length === 0,
    violations: violations.map(entryOf),
    warnings: warnings.map(entryOf),
  }));
  return `${JSON.stringify(entries, null, 2)}\n`;
};

function entryOf({ code, path, asked, allowed, fix }: Violation): Violation {
  return { code, path, asked, allowed, fix };
}
