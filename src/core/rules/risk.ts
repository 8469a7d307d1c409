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
  return riskTogether([leadsOf(rules)]);
}

/** What rules lead to, before it is put together with what others lead to. */
export interface Leads {
  /** What was found, by the danger: for each list of patterns of which one has to be met (most have one list). */
  dangers: ReadonlyMap<Danger, readonly (readonly Lead[])[]>;
  /** What is Medium without being a danger. */
  ordinary: ReadonlyMap<OrdinaryCode, readonly string[]>;
  /** The worst of what is no danger. */
  level: RiskLevel;
}

interface Lead {
  /** As text. */
  right: string;
  level: RiskLevel;
}

/** What takes time: each rule is compared with everything that is known. */
export function leadsOf(rules: readonly ScopedRule[]): Leads {
  const found = DANGERS.map(
    (danger) => [danger, listsOf(danger).map((patterns) => leadsAmong(danger, patterns, rules))] as const,
  );
  return {
    dangers: new Map(found.filter(([, lists]) => lists.some((leads) => leads.length > 0))),
    ...ordinaryAmong(rules),
  };
}

/** Rates rules as {@link riskOf} does that were looked at apart. */
export function riskTogether(parts: readonly Leads[]): Risk {
  const dangers = DANGERS.flatMap((danger) => findingOf(danger, parts));
  const known = new Set(dangers.flatMap(({ rights }) => rights));
  const besides = ordinaryFindings(parts)
    .map((finding) => ({ ...finding, rights: finding.rights.filter((right) => !known.has(right)) }))
    .filter(({ rights }) => rights.length > 0);
  const everything = dangers.find(({ code }) => code === EVERYTHING);
  // It has in it all the others say; they would only hide it.
  const told = everything
    ? dangers.filter((one) => one === everything || !isAtLeast(everything.level, one.level))
    : [...dangers, ...besides];
  return {
    level: worstOf([...dangers.map(({ level }) => level), ...parts.map(({ level }) => level)]),
    findings: told.sort(
      (a, b) => RISK_LEVELS.indexOf(b.level) - RISK_LEVELS.indexOf(a.level) || compare(a.code, b.code),
    ),
  };
}

const EVERYTHING = 'Everything';

/** Of each list one pattern has to be met. */
function listsOf({ rights, together }: Danger): readonly (readonly RightPattern[])[] {
  return together ?? [rights];
}

function leadsAmong(
  { code, level, everywhere }: Danger,
  patterns: readonly RightPattern[],
  rules: readonly ScopedRule[],
): Lead[] {
  const found = rules.flatMap((rule) => patterns.flatMap((pattern) => [...foundIn(rule, pattern)]));
  const those = code === EVERYTHING ? found.filter(isEverything) : found;
  return those.map((right) => ({
    right: renderFound(right),
    level: right.namespace === undefined ? everywhere : level,
  }));
}

function isEverything({ apiGroup, resource, verb }: FoundRight): boolean {
  return [apiGroup, resource, verb].every((word) => word === '*');
}

function findingOf(danger: Danger, parts: readonly Leads[]): RiskFinding[] {
  const lists = listsOf(danger).map((_, index) =>
    parts.flatMap(({ dangers }) => dangers.get(danger)?.[index] ?? []),
  );
  if (lists.some((leads) => leads.length === 0)) return [];
  const those = lists.flat();
  const level = worstOf(those.map((lead) => lead.level));
  const { code, means: message, because, reference } = danger;
  return [{ code, level, rights: inOrder(those.map(({ right }) => right)), message, because, reference }];
}

function ordinaryAmong(rules: readonly ScopedRule[]): Pick<Leads, 'ordinary' | 'level'> {
  const ordinary = new Map<OrdinaryCode, string[]>();
  let level: RiskLevel = 'None';
  for (const rule of rules) {
    for (const found of ordinaryIn(rule)) {
      level = worstOf([level, found.level]);
      if (!('code' in found)) continue;
      const known = ordinary.get(found.code) ?? [];
      known.push(found.right);
      ordinary.set(found.code, known);
    }
  }
  return { ordinary, level };
}

function ordinaryFindings(parts: readonly Leads[]): RiskFinding[] {
  const codes = new Set(parts.flatMap(({ ordinary }) => [...ordinary.keys()]));
  return [...codes].map((code): RiskFinding => {
    const { means: message, because, reference } = ORDINARY_FINDINGS[code];
    const rights = inOrder(parts.flatMap(({ ordinary }) => ordinary.get(code) ?? []));
    return { code, level: 'Medium', rights, message, because, reference };
  });
}

function inOrder(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compare);
}
