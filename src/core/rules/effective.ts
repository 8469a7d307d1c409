/** What an identity can really do: its own rules, what every service account beside it holds, and what somebody bound to it by hand. */
import { compare } from '../compare.ts';
import type { Actors } from './actors.ts';
import { MOST_SUBJECTS, type BoundRules } from './bound.ts';
import { DANGERS, riskOf, type RiskFinding } from './risk.ts';
import { halvesIn } from './pattern.ts';
import type { ScopedRule } from './right.ts';
import { isAtLeast, RISK_LEVELS, worstOf, type RiskLevel } from './risk-level.ts';

/** What bindings to groups make of every account that is in them: worked out once, and not for each account. */
export interface AmbientRights {
  level: RiskLevel;
  findings: readonly AttributedFinding[];
  /** The bindings that give more than what every identity has in every cluster. */
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

interface AttributedFinding extends RiskFinding {
  /** The bindings that lead to it by themselves; none where it takes several. */
  by: readonly string[];
}

/** As status.risk has it. */
export interface EffectiveRisk {
  level: RiskLevel;
  findings: { code: string; message: string }[];
}

/** What is found of an account beside what its rights lead to. Generated into docs/reference/risks.md. */
export const FINDINGS_OF_ACCOUNTS = {
  AmbientRights:
    'Every service account of the namespace holds rights besides, by the bindings that are named: what leads further of them stands in findings of its own.',
  BoundByHand:
    'Bindings that are none of TaskGrant’s name the account of the grant, and give it rights besides. The floor refuses such bindings, and the grant ends where one got through.',
  OthersActAsIt:
    'Who may impersonate the account, or ask for tokens of it, as everybody can who is bound to the roles edit or admin. Tokens are minted for its pods alone, so long as the webhook or the floor judges that; of an impersonation nobody is asked. The subjects of the control plane itself (system:masters, system:nodes, system:kube-controller-manager) are left out. It raises no level.',
} as const;

type AccountCode = keyof typeof FINDINGS_OF_ACCOUNTS;

/** What a grant has in a cluster in which nothing is bound to anybody. */
export const NOTHING_BESIDES: AccessBesides = {
  ambient: { level: 'None', findings: [], givers: [], halves: [], actors: [] },
  byHand: [],
  toItsNamespace: [],
};

/** @param bound what is bound to groups that the accounts are in */
export function ambientOf(bound: readonly BoundRules[]): AmbientRights {
  const rated = bound.map(({ by, rules }) => ({ by, risk: riskOf(rules) }));
  const rules = bound.flatMap((one) => one.rules);
  const { level, findings } = riskOf(rules);
  return {
    level,
    findings: findings.map((finding) => ({ ...finding, by: leadingTo(finding, rated) })),
    givers: rated.filter(({ risk }) => risk.level !== 'None').map(({ by }) => by),
    halves: halvesIn(rules, DANGERS),
  };
}

function leadingTo(
  { code }: RiskFinding,
  rated: readonly { by: string; risk: { findings: readonly RiskFinding[] } }[],
): string[] {
  return rated.filter(({ risk }) => risk.findings.some((one) => one.code === code)).map(({ by }) => by);
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
  const itsOwn = [...own, ...byHand.flatMap(({ rules }) => rules)];
  const together = foundTogether(itsOwn, ambient.halves).filter(
    ({ code, level }) =>
      ![...ofItself.findings, ...besides].some((one) => one.code === code && isAtLeast(one.level, level)),
  );
  const level = worstOf([
    ...[ofItself, ambient, ...(hand ? [hand] : [])].map((one) => one.level),
    ...together.map((one) => one.level),
  ]);
  const findings = [
    ...ofItself.findings.map((finding) => ({ ...finding, whence: '' })),
    ...besides.map((finding) => ({ ...finding, whence: fromBindings(finding.by) })),
    ...together.map((finding) => ({ ...finding, whence: '; with what is bound besides the grant' })),
  ].sort((a, b) => RISK_LEVELS.indexOf(b.level) - RISK_LEVELS.indexOf(a.level) || compare(a.code, b.code));
  return {
    level,
    findings: [
      ...findings
        .slice(0, MOST_FINDINGS)
        .map((finding) => ({ code: finding.code, message: renderFinding(finding) })),
      ...ofAccount('AmbientRights', listed(ambient.givers)),
      ...ofAccount('BoundByHand', listed(byHand.map(({ by }) => by))),
      ...ofAccount('OthersActAsIt', renderActors(ambient.actors, account)),
    ].map(({ code, message }) => ({ code, message: shortened(message) })),
  };
}

/** What neither has alone. */
function foundTogether(own: readonly ScopedRule[], halves: readonly ScopedRule[]): RiskFinding[] {
  const ownHalves = halvesIn(own, DANGERS);
  if (ownHalves.length === 0 || halves.length === 0) return [];
  const codes = new Set(DANGERS.filter(({ together }) => together).map(({ code }) => code));
  return riskOf([...ownHalves, ...halves]).findings.filter(({ code }) => codes.has(code));
}

/** Of rights, bindings and subjects in one finding; kubectl get -o yaml of the bindings has all of them. */
const MOST_LISTED = 4;

function listed(names: readonly string[], most = MOST_LISTED): string {
  const more = names.length - most;
  return [...names.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function fromBindings(by: readonly string[]): string {
  return by.length > 0 ? `; by ${listed(by)}` : '; by several bindings together';
}

function renderFinding({ level, message, rights, whence }: RiskFinding & { whence: string }): string {
  return `${level}: ${message} (${listed(rights)})${whence}`;
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
