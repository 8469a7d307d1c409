/** `kubectl taskgrant lint` */
import type { KubernetesObject } from '../api/kubernetes.ts';
import { quoted } from '../core/decision/denial.ts';
import { envelopeRules } from '../core/envelope/requester.ts';
import { rulesOfClusterRole, type AggregatedRole } from '../core/rules/aggregation.ts';
import { riskOf, type Risk } from '../core/rules/risk.ts';
import type { ScopedRule } from '../core/rules/right.ts';
import { givingNothingIn } from '../core/rules/scope.ts';
import { misspellingsIn, type Misspelling } from '../core/rules/spelling.ts';
import { unknownIn } from '../core/rules/unknown.ts';
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
  /** Words of its rules that give nothing, or something else than they seem to; with paths in the object. */
  mistakes: readonly Misspelling[];
}

/** Rates every Role, ClusterRole and TaskGrant of the files, and finds what is wrong in their rules. */
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
      else {
        const { envelope } = parsed.object.spec;
        const mistakes = mistakesIn(envelope.kubernetes, 'spec.envelope.kubernetes', inNamespaces);
        rated.push({ manifest, mistakes, ...riskOf(envelopeRules(parsed.object)) });
      }
    } else if (isRole(object)) {
      const namespaces = [object.metadata.namespace ?? ''];
      const mistakes = mistakesIn(object.rules, 'rules', inNamespaces);
      const risk = riskOf((object.rules ?? []).map((rule) => ({ ...rule, namespaces })));
      rated.push({ manifest, mistakes, ...risk });
    } else if (isClusterRole(object)) {
      const mistakes = mistakesIn(object.rules, 'rules', everywhere);
      rated.push({ manifest, mistakes, ...riskOf(rulesOfClusterRole(object, clusterRoles)) });
    }
  }
  return { rated, problems };
}

function inNamespaces(rule: ScopedRule): Misspelling[] {
  return [...misspellingsIn(rule), ...givingNothingIn(rule)];
}

function everywhere(rule: ScopedRule): Misspelling[] {
  return [...misspellingsIn(rule), ...unknownIn(rule)];
}

function mistakesIn(
  rules: readonly ScopedRule[] = [],
  path: string,
  of: (rule: ScopedRule) => Misspelling[],
): Misspelling[] {
  return rules.flatMap((rule, index) =>
    of(rule).map((mistake) => ({ ...mistake, path: `${path}[${index}].${mistake.path}` })),
  );
}

type RbacRole = KubernetesObject & AggregatedRole;

function isRole(object: KubernetesObject): object is RbacRole {
  return object.kind === 'Role' && knownKind(object) !== undefined;
}

function isClusterRole(object: KubernetesObject): object is RbacRole {
  return object.kind === 'ClusterRole' && knownKind(object) !== undefined;
}

function renderJson(rated: readonly Rated[]): string {
  const entries = rated.map(({ manifest, level, findings, mistakes }) => ({
    file: manifest.file,
    kind: manifest.object.kind,
    namespace: manifest.object.metadata.namespace ?? '',
    name: nameOf(manifest.object),
    level,
    findings,
    mistakes,
  }));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** Of the rights of one finding, which can be hundreds. */
const MOST_RIGHTS = 4;

function renderText(rated: readonly Rated[], problems: readonly Problem[], paint: Paint): string {
  const lines = rated.flatMap(({ manifest, level, findings, mistakes }) => {
    const at = (path: string) => paint('dim', `${quoted(manifest.file)}:${manifest.regionOf(path).line}`);
    const colour = isAtLeast(level, 'High') ? 'red' : isAtLeast(level, 'Medium') ? 'bold' : 'green';
    return [
      `${at('')}  ${paint('bold', quoted(titleOf(manifest)))}  ${paint(colour, level)}`,
      ...findings.flatMap(({ code, level: its, rights, message, because, reference }) => [
        `  ${code} (${its}): ${message}`,
        `    by ${rights.slice(0, MOST_RIGHTS).map(quoted).join('; ')}${more(rights.length)}`,
        `    ${because}`,
        `    ${paint('dim', reference)}`,
      ]),
      ...mistakes.map(
        ({ path, asked, because, fix }) =>
          `  ${at(path)}  ${quoted(path)}: ${quoted(JSON.stringify(asked))}: ${because}; ${fix}`,
      ),
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
