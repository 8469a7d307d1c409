/** For programs. */
import { nameOf } from '../finding.ts';
import type { Render } from './report.ts';

/** A list with one entry for each object that was judged. */
export const renderJson: Render = ({ findings }) => {
  const entries = findings.map(({ manifest, violations }) => ({
    file: manifest.file,
    kind: manifest.object.kind,
    namespace: manifest.object.metadata.namespace ?? '',
    name: nameOf(manifest.object),
    allowed: violations.length === 0,
    violations: violations.map(({ code, path, asked, allowed, fix }) => ({
      code,
      path,
      asked,
      allowed,
      fix,
    })),
  }));
  return `${JSON.stringify(entries, null, 2)}\n`;
};
