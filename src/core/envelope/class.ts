/** A grant within its class. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import { VIOLATION_CODES } from '../decision/codes.ts';
import { listed, type Violation } from '../decision/violation.ts';
import { milliseconds, millisecondsOr } from '../duration.ts';
import { isAtLeast } from '../rules/risk-level.ts';
import { riskOf } from '../rules/risk.ts';
import { withinCeiling } from './ceiling.ts';
import { judgeClassByItself } from './class-by-itself.ts';
import { imagesArePinned } from './pinned-images.ts';
import { envelopeRules } from './requester.ts';
import { namespaceIsSelected } from './selected-namespace.ts';

/** Where a grant and its class stand, as far as the one is judged by the other. */
export interface Standing {
  /** Of the grant's namespace; undefined where there is none. */
  labels: Readonly<Record<string, string>> | undefined;
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
}

/** Everything of the grant that its class does not allow. What the class leaves out is not bounded. */
export function grantWithinClass(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  itsClass: Pick<TaskGrantClass, 'metadata' | 'spec'>,
  { labels, apiAudiences }: Standing,
): Violation[] {
  return [
    ...namespaceIsSelected(grant, itsClass, labels),
    ...grantAnywhereWithinClass(grant, itsClass, apiAudiences),
  ];
}

/** The same, in whichever namespace the grant is. */
export function grantAnywhereWithinClass(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  itsClass: Pick<TaskGrantClass, 'metadata' | 'spec'>,
  apiAudiences: readonly string[],
): Violation[] {
  return [
    ...withinLimits(grant, itsClass),
    ...imagesArePinned(grant, itsClass),
    ...withinCeiling(grant, itsClass, apiAudiences),
    ...withinRisk(grant, itsClass),
  ];
}

/** Every number of the grant that its class bounds. */
function withinLimits(
  { spec }: Pick<TaskGrant, 'spec'>,
  { metadata, spec: { limits = {} } }: Pick<TaskGrantClass, 'metadata' | 'spec'>,
): Violation[] {
  const violations: Violation[] = [];
  const exceeded = (path: string, asked: string | number, allowed: string | number) => {
    violations.push({
      code: 'LimitExceeded',
      path,
      asked: String(asked),
      allowed: String(allowed),
      fix: `ask for less than class ${metadata.name} allows, or use another class`,
    });
  };

  const { maxDuration, maxPods, maxTokenSeconds, maxDelegationDepth } = limits;
  if (maxDuration !== undefined && millisecondsOr(Infinity, spec.duration) > milliseconds(maxDuration)) {
    exceeded('spec.duration', spec.duration, maxDuration);
  }
  if (maxPods !== undefined && spec.workload.maxPods > maxPods) {
    exceeded('spec.workload.maxPods', spec.workload.maxPods, maxPods);
  }
  for (const [index, { expirationSeconds }] of (spec.envelope.tokens ?? []).entries()) {
    if (maxTokenSeconds !== undefined && expirationSeconds > maxTokenSeconds) {
      exceeded(
        `spec.envelope.tokens[${index}].expirationSeconds`,
        seconds(expirationSeconds),
        seconds(maxTokenSeconds),
      );
    }
  }
  const depth = spec.delegation?.maxDepth ?? 0;
  if (maxDelegationDepth !== undefined && depth > maxDelegationDepth) {
    exceeded('spec.delegation.maxDepth', depth, maxDelegationDepth);
  }
  return violations;
}

/**
 * By the envelope's rules alone: what else every account of the cluster holds nobody can leave out who asks for a grant, and it
 * would refuse all of them alike (docs/decisions/0020-risk-of-the-envelope.md).
 */
function withinRisk(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  { metadata, spec: { limits = {} } }: Pick<TaskGrantClass, 'metadata' | 'spec'>,
): Violation[] {
  const { maxRisk } = limits;
  if (maxRisk === undefined) return [];
  const { level, findings } = riskOf(envelopeRules(grant));
  if (isAtLeast(maxRisk, level)) return [];
  const tooHigh = findings.filter((finding) => !isAtLeast(maxRisk, finding.level));
  const asked =
    tooHigh.length > 0
      ? tooHigh.map(
          ({ code, level: its, message, rights }) => `${its}: ${code}, who ${message}, by ${listed(rights)}`,
        )
      : [level];
  return asked.map((each) => ({
    code: 'RiskTooHigh',
    path: 'spec.envelope.kubernetes',
    asked: each,
    allowed: maxRisk,
    fix: `leave these rights out, or use another class than ${metadata.name}; kubectl taskgrant lint -f FILE says why they lead so far`,
  }));
}

function seconds(count: number): string {
  return `${count} s`;
}

/** Of a grant whose class is not there. */
export function classNotFound(className: string | undefined): Violation {
  return {
    code: 'ClassNotFound',
    path: 'spec.className',
    asked: className ?? 'the default class',
    allowed: 'no such class',
    fix: 'name a TaskGrantClass that kubectl get taskgrantclasses shows',
  };
}

/** Of a class: its condition, as everybody sees it. */
const ACCEPTED = 'Accepted=True';

/** A class of which only a part can be enforced, or understood, is none; nor is one that the controller does not accept. */
export function classIsAccepted(itsClass: Pick<TaskGrantClass, 'metadata' | 'spec' | 'status'>): Violation[] {
  const byItself = saidToItsGrants(judgeClassByItself(itsClass), itsClass);
  return byItself.length > 0 ? byItself : saidByController(itsClass);
}

/** What is wrong with a class, to the author of a grant of it: who keeps the class is who can correct it. */
export function saidToItsGrants(
  violations: readonly Violation[],
  { metadata: { name } }: Pick<TaskGrantClass, 'metadata'>,
): Violation[] {
  return violations.map(({ code, path, asked, allowed, fix }) => ({
    code: 'ClassNotAccepted',
    path: 'spec.className',
    // What is wrong comes first: an expression may be longer than what is shown of a value.
    asked: `${name}: ${path}: ${VIOLATION_CODES[code].allows} ${allowed} (asked ${asked})`,
    allowed: ACCEPTED,
    fix: `use another class, or tell who keeps class ${name}: ${fix}`,
  }));
}

/** It knows more of a class than the class says: how grantors are named. What it said of another state of the class counts for nothing. */
function saidByController({ metadata, status }: Pick<TaskGrantClass, 'metadata' | 'status'>): Violation[] {
  const accepted = status?.conditions?.find(({ type }) => type === 'Accepted');
  if (accepted?.status !== 'False' || accepted.observedGeneration !== metadata.generation) return [];
  return [
    {
      code: 'ClassNotAccepted',
      path: 'spec.className',
      asked: `${metadata.name}: ${accepted.message}`,
      allowed: ACCEPTED,
      fix: `use another class, or tell who keeps class ${metadata.name}`,
    },
  ];
}
