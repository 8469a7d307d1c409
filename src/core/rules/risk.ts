/** The escalation linter: how far rights lead beyond what they say. */
import { compare } from '../compare.ts';
import { PRACTICES, type Danger, type RightPattern } from './danger.ts';
import { credentials } from './dangers/credentials.ts';
import { guards } from './dangers/guards.ts';
import { identities } from './dangers/identities.ts';
import { programs } from './dangers/programs.ts';
import { thirdParty } from './dangers/third-party.ts';
import { wellKnown } from './dangers/well-known.ts';
import { ORDINARY_FINDINGS, ordinaryIn, type OrdinaryCode } from './ordinary.ts';
import { foundIn, renderFound, type FoundRight } from './pattern.ts';
import type { ScopedRule } from './right.ts';
import { isAtLeast, RISK_LEVELS, worstOf, type RiskLevel } from './risk-level.ts';

export interface RiskFinding {
  code: string;
  level: RiskLevel;
  /** The rights that make it so, as text, in order. */
  rights: readonly string[];
  /** What their holder can do. */
  message: string;
  /** The fact of Kubernetes that makes it so. */
  because: string;
  reference: string;
}

export interface Risk {
  level: RiskLevel;
  /** The worst first; none of what is Low. */
  findings: readonly RiskFinding[];
}

/** Everything that is known to lead further, in the order of its codes' rooms. */
export const DANGERS: readonly Danger[] = [
  {
    code: 'Everything',
    rights: [{ apiGroup: '*', resources: ['*'] }],
    // In a namespace it has in it kinds by whose objects whole clusters are had (dangers/third-party.ts).
    level: 'Critical',
    everywhere: 'Critical',
    means: 'does anything, with kinds of objects that do not exist yet as well',
    because: 'The rule says * for groups, resources and verbs, as cluster-admin does.',
    reference: `${PRACTICES}#least-privilege`,
  },
  ...credentials,
  ...identities,
  ...programs,
  ...guards,
  ...wellKnown,
  ...thirdParty,
];

/**
 * Rates rules together: the worst of what each leads to, and of what several lead to together. The same whatever order they are in, how
 * they are split, and how often they are repeated; and never better for a rule more. A rule without namespaces is rated as bound in all.
 */
export function riskOf(rules: readonly ScopedRule[]): Risk {
  const dangers = DANGERS.flatMap((danger) => findingOf(danger, rules));
  const ordinary = ordinaryFindings(rules);
  const known = new Set(dangers.flatMap(({ rights }) => rights));
  const besides = ordinary.findings
    .map((finding) => ({ ...finding, rights: finding.rights.filter((right) => !known.has(right)) }))
    .filter(({ rights }) => rights.length > 0);
  const everything = dangers.find(({ code }) => code === EVERYTHING);
  // It has in it all the others say; they would only hide it.
  const told = everything
    ? dangers.filter((one) => one === everything || !isAtLeast(everything.level, one.level))
    : [...dangers, ...besides];
  return {
    level: worstOf([...dangers.map(({ level }) => level), ordinary.level]),
    findings: told.sort(
      (a, b) => RISK_LEVELS.indexOf(b.level) - RISK_LEVELS.indexOf(a.level) || compare(a.code, b.code),
    ),
  };
}

const EVERYTHING = 'Everything';

function findingOf(danger: Danger, rules: readonly ScopedRule[]): RiskFinding[] {
  const found = danger.together ? foundTogether(danger.together, rules) : foundAmong(danger.rights, rules);
  const those =
    danger.code === EVERYTHING
      ? found.filter(({ apiGroup, resource, verb }) =>
          [apiGroup, resource, verb].every((word) => word === '*'),
        )
      : found;
  if (those.length === 0) return [];
  const level = worstOf(
    those.map(({ namespace }) => (namespace === undefined ? danger.everywhere : danger.level)),
  );
  const { code, means: message, because, reference } = danger;
  return [{ code, level, rights: inOrder(those.map(renderFound)), message, because, reference }];
}

function foundAmong(patterns: readonly RightPattern[], rules: readonly ScopedRule[]): FoundRight[] {
  return rules.flatMap((rule) => patterns.flatMap((pattern) => [...foundIn(rule, pattern)]));
}

function foundTogether(
  halves: readonly (readonly RightPattern[])[],
  rules: readonly ScopedRule[],
): FoundRight[] {
  const found = halves.map((patterns) => foundAmong(patterns, rules));
  return found.every((rights) => rights.length > 0) ? found.flat() : [];
}

function ordinaryFindings(rules: readonly ScopedRule[]): Risk {
  const rights = new Map<OrdinaryCode, string[]>();
  const levels: RiskLevel[] = [];
  for (const rule of rules) {
    for (const found of ordinaryIn(rule)) {
      levels.push(found.level);
      if (!('code' in found)) continue;
      const known = rights.get(found.code) ?? [];
      known.push(found.right);
      rights.set(found.code, known);
    }
  }
  const findings = [...rights].map(([code, those]): RiskFinding => {
    const { means: message, because, reference } = ORDINARY_FINDINGS[code];
    return { code, level: 'Medium', rights: inOrder(those), message, because, reference };
  });
  return { level: worstOf(levels), findings };
}

function inOrder(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compare);
}
