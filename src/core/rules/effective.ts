/** What an identity can really do: its own rules, what every service account beside it holds, and what somebody bound to it by hand. */
import { compare } from '../compare.ts';
import type { Actors } from './actors.ts';
import { quoted } from '../decision/denial.ts';
import { inBrief, listed } from '../listed.ts';
import { MOST_SUBJECTS, type BoundRules } from './bound.ts';
import { MOST_RIGHTS, weightOf } from './compact.ts';
import { DANGERS, leadsOf, riskOf, riskTogether, type RiskFinding } from './risk.ts';
import { halvesIn } from './pattern.ts';
import type { ScopedRule } from './right.ts';
import { isAtLeast, RISK_LEVELS, worstOf, type RiskLevel } from './risk-level.ts';

/**
 * What bindings to groups make of every account that is in them: worked out once, and not for each account. There is one of each namespace,
 * so it has no more in it than is told, and those rules that others may add to.
 */
export interface AmbientRights {
  level: RiskLevel;
  findings: readonly ToldFinding[];
  /** The bindings that give more than what every identity has in every cluster: the first, and how many more. */
  givers: readonly string[];
  /** Rules that lead further together with others. */
  halves: readonly ScopedRule[];
}

/** Of the service accounts of one namespace. */
export interface Ambient extends AmbientRights {
  /** Who may act as accounts of the namespace. */
  actors: readonly Actors[];
}

/** Everything that an account has beside what it was made for. */
export interface AccessBesides {
  ambient: Ambient;
  /** What names the account itself. */
  byHand: readonly BoundRules[];
  /** What is bound, in the grant's own namespace, to the group of all accounts there. */
  toItsNamespace: readonly BoundSince[];
}

/** A binding, as {@link BoundRules} name it, and when it was created: RFC 3339, by the API server. */
export interface BoundSince {
  by: string;
  since: string;
}

/** As it stands in a status, but for its length. */
interface ToldFinding {
  code: string;
  level: RiskLevel;
  message: string;
}

/** As status.risk has it. */
export interface EffectiveRisk {
  level: RiskLevel;
  findings: { code: string; message: string }[];
}

/**
 * How many rights are rated of what is bound to the same accounts: more than ten times what the role `admin` of Kubernetes has of its own, and
 * a second of CPU time at worst, where each is a role of its own (measured on two cores of an AMD EPYC). Whoever may write RoleBindings may
 * bind any number, and nothing else happens while they are rated.
 */
export const MOST_RATED = 4096;

const inDigits = (count: number) => count.toLocaleString('en');

/** What is found of an account beside what its rights lead to. Generated into docs/reference/risks.md. */
export const FINDINGS_OF_ACCOUNTS = {
  AmbientRights:
    'Every service account of the namespace holds rights besides, by the bindings that are named: what leads further of them stands in findings of its own.',
  BoundByHand:
    'Bindings that are none of TaskGrant’s name the account of the grant, and give it rights besides. The floor refuses such bindings, and the grant ends where one got through.',
  OthersActAsIt:
    'Who may impersonate the account, or ask for tokens of it, as everybody can who is bound to the roles edit or admin. Tokens are minted for its pods alone, so long as the webhook or the floor judges that; of an impersonation nobody is asked. The subjects of the control plane itself (system:masters, system:nodes, system:kube-controller-manager) are left out. It raises no level.',
  NotRated: `More is bound than is looked at, by the bindings that are named, and counts as everything: it is Critical. That is a Role of more than ${inDigits(MOST_RIGHTS.Role)} rights, or a ClusterRole of more than ${inDigits(MOST_RIGHTS.ClusterRole)} (each verb on each resource of each group; \`*\` for all resources or groups counts more often); and whatever is beyond ${inDigits(MOST_RATED)} in all that is bound to the same accounts, the smallest roles being rated first.`,
} as const;

/** Those that are no more than a list of bindings or subjects. */
type AccountCode = Exclude<keyof typeof FINDINGS_OF_ACCOUNTS, 'NotRated'>;

/** What a grant has in a cluster in which nothing is bound to anybody. */
export const NOTHING_BESIDES: AccessBesides = {
  ambient: { level: 'None', findings: [], givers: [], halves: [], actors: [] },
  byHand: [],
  toItsNamespace: [],
};

/**
 * A role that is bound in one place by many is rated once for all of them, and no more is rated than {@link MOST_RATED}: what is beyond that
 * counts as everything. The level is never below what all of it together has.
 *
 * @param bound what is bound to groups that the accounts are in, in the order in which it is told
 */
export function ambientOf(bound: readonly BoundRules[]): AmbientRights {
  const { rated, left } = withinReason(eachOnce(bound));
  const parts = rated.map(({ namespace, rules, by }) => ({
    by,
    leads: leadsOf(inNamespace(namespace, rules)),
  }));
  const { level, findings } = riskTogether(parts.map(({ leads }) => leads));
  const alone = parts.map(({ by, leads }) => ({ by, risk: riskTogether([leads]) }));
  const ofThese = (those: readonly { by: readonly string[] }[]) => {
    const names = new Set(those.flatMap(({ by }) => by));
    return bound.map(({ by }) => by).filter((by) => names.has(by));
  };
  const leadingTo = ({ code }: RiskFinding) =>
    ofThese(alone.filter(({ risk }) => risk.findings.some((one) => one.code === code)));
  return {
    level: left.length > 0 ? 'Critical' : level,
    findings: [
      ...(left.length > 0 ? [notRated(ofThese(left))] : []),
      ...findings.map((finding) => told(finding, fromBindings(leadingTo(finding)))),
    ],
    givers: inBrief(ofThese([...alone.filter(({ risk }) => risk.level !== 'None'), ...left])),
    halves: rated.flatMap(({ namespace, rules }) => halvesIn(inNamespace(namespace, rules), DANGERS)),
  };
}

/**
 * What holds for the accounts of a namespace besides what holds for all: as if it were rated together, at the cost of what there is in the
 * namespace alone.
 */
export function joined(everywhere: AmbientRights, here: AmbientRights): AmbientRights {
  const findings = [...everywhere.findings, ...here.findings];
  const together = foundTogether(here.halves, everywhere.halves).filter((one) => !isAmong(one, findings));
  return {
    level: worstOf([everywhere.level, here.level, ...together.map(({ level }) => level)]),
    findings: [...findings, ...together.map((finding) => told(finding, fromBindings([])))],
    givers: [...everywhere.givers, ...here.givers],
    halves: [...everywhere.halves, ...here.halves],
  };
}

/** One role, in the place in which it is bound. */
interface BoundOnce extends Omit<BoundRules, 'by'> {
  by: readonly string[];
}

function eachOnce(bound: readonly BoundRules[]): BoundOnce[] {
  const byRules = new Map<BoundRules['rules'], Map<string | undefined, BoundRules[]>>();
  for (const one of bound) {
    const places = byRules.get(one.rules) ?? new Map<string | undefined, BoundRules[]>();
    const alike = places.get(one.namespace) ?? [];
    alike.push(one);
    byRules.set(one.rules, places.set(one.namespace, alike));
  }
  return [...byRules.values()]
    .flatMap((places) => [...places.values()])
    .map((alike) => ({ ...(alike[0] as BoundRules), by: alike.map(({ by }) => by) }));
}

/** As many as are rated, the smallest first, so that a large one hides none of them; of as large ones, by their names. */
function withinReason(roles: readonly BoundOnce[]): { rated: BoundOnce[]; left: BoundOnce[] } {
  const weighed = roles
    .map((role) => ({
      role,
      weight: weightOf(role.rules, MOST_RATED),
      name: role.by.toSorted(compare)[0] ?? '',
    }))
    .sort((a, b) => (a.weight === b.weight ? compare(a.name, b.name) : a.weight - b.weight));
  let sum = 0;
  const isRated = weighed.map(({ weight }) => (sum += weight) <= MOST_RATED);
  const those = (are: boolean) =>
    weighed.filter((_, index) => isRated[index] === are).map(({ role }) => role);
  return { rated: those(true), left: those(false) };
}

function inNamespace(namespace: string | undefined, rules: readonly ScopedRule[]): readonly ScopedRule[] {
  return namespace === undefined ? rules : rules.map((rule) => ({ ...rule, namespaces: [namespace] }));
}

function notRated(by: readonly string[]): ToldFinding {
  const message = `Critical: holds more than is looked at, and so counts as holding everything${fromBindings(by)}`;
  return { code: 'NotRated', level: 'Critical', message };
}

/**
 * Rates what the account can do, the worst first. What it takes rules of both kinds for is found as well. What is ambient was rated
 * before: this costs what the account's own rules do, however much is bound in the cluster.
 *
 * @param own the rules that were made for it
 */
export function effectiveRisk(
  own: readonly ScopedRule[],
  { ambient, byHand }: AccessBesides,
  account: string | undefined,
): EffectiveRisk {
  const ofItself = riskOf(own);
  const hand = byHand.length > 0 ? ambientOf(byHand) : undefined;
  const besides = [...ambient.findings, ...(hand?.findings ?? [])];
  const itsOwn = [...own, ...(hand?.halves ?? [])];
  const together = foundTogether(itsOwn, ambient.halves).filter(
    (one) => !isAmong(one, [...ofItself.findings, ...besides]),
  );
  const level = worstOf([
    ...[ofItself, ambient, ...(hand ? [hand] : [])].map((one) => one.level),
    ...together.map((one) => one.level),
  ]);
  const findings = [
    ...ofItself.findings.map((finding) => told(finding, '')),
    ...besides,
    ...together.map((finding) => told(finding, '; with what is bound besides the grant')),
  ].sort((a, b) => RISK_LEVELS.indexOf(b.level) - RISK_LEVELS.indexOf(a.level) || compare(a.code, b.code));
  return {
    level,
    findings: [
      ...findings.slice(0, MOST_FINDINGS),
      ...ofAccount('AmbientRights', ambient.givers.join(', ')),
      ...ofAccount('BoundByHand', listed(byHand.map(({ by }) => by))),
      ...ofAccount('OthersActAsIt', renderActors(ambient.actors, account)),
    ].map(({ code, message }) => ({ code, message: shortened(message) })),
  };
}

/** Whether it was found already, as bad as that or worse. */
function isAmong(
  { code, level }: RiskFinding,
  findings: readonly Pick<RiskFinding, 'code' | 'level'>[],
): boolean {
  return findings.some((one) => one.code === code && isAtLeast(one.level, level));
}

/** What neither has alone. */
function foundTogether(own: readonly ScopedRule[], halves: readonly ScopedRule[]): RiskFinding[] {
  const ownHalves = halvesIn(own, DANGERS);
  if (ownHalves.length === 0 || halves.length === 0) return [];
  const codes = new Set(DANGERS.filter(({ together }) => together).map(({ code }) => code));
  return riskOf([...ownHalves, ...halves]).findings.filter(({ code }) => codes.has(code));
}

function fromBindings(by: readonly string[]): string {
  return by.length > 0 ? `; by ${listed(by)}` : '; by several bindings together';
}

/** @param whence by which bindings, where there are any */
function told({ code, level, message, rights }: RiskFinding, whence: string): ToldFinding {
  // A word of a rule may be anything, and any length.
  const those = inBrief(rights).map(quoted).join(', ');
  return { code, level, message: `${level}: ${message} (${those})${whence}` };
}

function ofAccount(code: AccountCode, what: string): { code: string; message: string }[] {
  if (what === '') return [];
  const means = {
    AmbientRights: 'every service account here also holds what is bound by',
    BoundByHand: 'the account also holds what is bound by',
    OthersActAsIt: 'by impersonation, or by asking for its tokens, these may act as the account:',
  }[code];
  return [{ code, message: `${means} ${what}` }];
}

/** Each once, with the binding that was met first. */
function renderActors(actors: readonly Actors[], account: string | undefined): string {
  const reaching = actors.filter(({ names }) => !names || (account !== undefined && names.includes(account)));
  const bySubject = new Map<string, string>();
  for (const { by, subjects } of reaching)
    for (const subject of subjects) if (!bySubject.has(subject)) bySubject.set(subject, by);
  const all = [...bySubject].map(([subject, by]) => `${subject} (${by})`);
  const count = all.length < MOST_SUBJECTS ? `${all.length} in all` : `${MOST_SUBJECTS} or more`;
  return all.length > 0 ? `${count}, ${listed(all)}` : '';
}

/** Half of what the CRD takes (status.risk.findings), and more than anybody reads; and of each as much as it takes. */
const MOST_FINDINGS = 32;
const MOST_CHARACTERS = 1024;

function shortened(message: string): string {
  // A pair of surrogates that is cut in half would be stored as something else, and be written anew each time.
  return message.toWellFormed().slice(0, MOST_CHARACTERS).toWellFormed();
}
