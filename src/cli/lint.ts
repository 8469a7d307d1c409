/** `kubectl taskgrant lint` */
import type { KubernetesObject } from '../api/kubernetes.ts';
import { quoted } from '../core/decision/denial.ts';
import { envelopeRules } from '../core/envelope/requester.ts';
import { rulesOfClusterRole, type AggregatedRole } from '../core/rules/aggregation.ts';
import { riskOf, type Risk } from '../core/rules/risk.ts';
import { isAtLeast, RISK_LEVELS, type RiskLevel } from '../core/rules/risk-level.ts';
import type { Outcome, Terminal } from './check.ts';
import { nameOf, titleOf } from './finding.ts';
import { namespaceNote, readInput, type FileFlags } from './input.ts';
import { problemsOf } from './judge.ts';
import { knownKind } from './kinds.ts';
import type { Manifest } from './manifests.ts';
import { inColour, type Paint } from './output/colours.ts';
import { counted } from './output/text.ts';
import { renderNote, renderProblem, type Problem } from './problem.ts';
import { parseGrant } from './schema-faults.ts';

export interface LintFlags extends FileFlags {
  output: LintFormat;
  failOn?: RiskLevel;
}

export const LINT_FORMATS = ['text', 'json'] as const;
type LintFormat = (typeof LINT_FORMATS)[number];

/** One object that has rules, and how far they lead. */
interface Rated extends Risk {
  manifest: Manifest;
}

/** Rates every Role, ClusterRole and TaskGrant of the files. */
export async function lint(
  { filename, recursive, namespace, output, failOn }: LintFlags,
  { stdin, now, colours }: Terminal,
): Promise<Outcome> {
  const { manifests, problems: unread } = await readInput({ filename, recursive, namespace }, stdin);
  const { rated, problems: faulty } = rateAll(manifests, now);
  const problems = [...unread, ...faulty];
  const note = namespaceNote(
    rated.map(({ manifest }) => manifest),
    namespace,
  );
  const fails = failOn !== undefined && rated.some(({ level }) => isAtLeast(level, failOn));
  return {
    stdout: output === 'json' ? renderJson(rated) : renderText(rated, problems, inColour(colours)),
    stderr: [...(note === undefined ? [] : [renderNote(note)]), ...problems.map(renderProblem)],
    code: problems.length > 0 ? 2 : fails ? 1 : 0,
  };
}

function rateAll(manifests: readonly Manifest[], now: number): { rated: Rated[]; problems: Problem[] } {
  const rated: Rated[] = [];
  const problems: Problem[] = [];
  const clusterRoles = manifests.map(({ object }) => object).filter(isClusterRole);
  for (const manifest of manifests) {
    const { object } = manifest;
    if (object.kind === 'TaskGrant' && knownKind(object)) {
      const parsed = parseGrant(object, now);
      if ('faults' in parsed) problems.push(...problemsOf(manifest, parsed.faults));
      else rated.push({ manifest, ...riskOf(envelopeRules(parsed.object)) });
    } else if (isRole(object)) {
      const namespaces = [object.metadata.namespace ?? ''];
      rated.push({ manifest, ...riskOf((object.rules ?? []).map((rule) => ({ ...rule, namespaces }))) });
    } else if (isClusterRole(object)) {
      rated.push({ manifest, ...riskOf(rulesOfClusterRole(object, clusterRoles)) });
    }
  }
  return { rated, problems };
}

type RbacRole = KubernetesObject & AggregatedRole;

function isRole(object: KubernetesObject): object is RbacRole {
  return object.kind === 'Role' && knownKind(object) !== undefined;
}

function isClusterRole(object: KubernetesObject): object is RbacRole {
  return object.kind === 'ClusterRole' && knownKind(object) !== undefined;
}

function renderJson(rated: readonly Rated[]): string {
  const entries = rated.map(({ manifest, level, findings }) => ({
    file: manifest.file,
    kind: manifest.object.kind,
    namespace: manifest.object.metadata.namespace ?? '',
    name: nameOf(manifest.object),
    level,
    findings,
  }));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** Of the rights of one finding, which can be hundreds. */
const MOST_RIGHTS = 4;

function renderText(rated: readonly Rated[], problems: readonly Problem[], paint: Paint): string {
  const lines = rated.flatMap(({ manifest, level, findings }) => {
    const place = paint('dim', `${quoted(manifest.file)}:${manifest.regionOf('').line}`);
    const colour = isAtLeast(level, 'High') ? 'red' : isAtLeast(level, 'Medium') ? 'bold' : 'green';
    return [
      `${place}  ${paint('bold', quoted(titleOf(manifest)))}  ${paint(colour, level)}`,
      ...findings.flatMap(({ code, level: its, rights, message, because, reference }) => [
        `  ${code} (${its}): ${message}`,
        `    by ${rights.slice(0, MOST_RIGHTS).map(quoted).join('; ')}${more(rights.length)}`,
        `    ${because}`,
        `    ${paint('dim', reference)}`,
      ]),
    ];
  });
  return [...lines, ...(lines.length > 0 ? [''] : []), summaryOf(rated, problems), ''].join('\n');
}

function more(count: number): string {
  return count > MOST_RIGHTS ? `; and ${count - MOST_RIGHTS} more` : '';
}

function summaryOf(rated: readonly Rated[], problems: readonly Problem[]): string {
  if (rated.length + problems.length === 0) return 'Nothing to rate: no Roles, ClusterRoles or TaskGrants.';
  const counts = RISK_LEVELS.toReversed().flatMap((level) => {
    const count = rated.filter((one) => one.level === level).length;
    return count > 0 ? [`${count} ${level}`] : [];
  });
  if (problems.length > 0) counts.push(`${counted(problems.length, 'problem')} with the input`);
  return `${counts.join(', ')}.`;
}
