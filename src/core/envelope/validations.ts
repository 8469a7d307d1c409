/** A grant against the validations of its class. */
import type { RequestedBy, TaskGrant } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import { evaluationOf, isFault } from '../cel/dialect.ts';
import type { Violation } from '../decision/violation.ts';
import {
  commonVariables,
  expressionFaults,
  heldUnlessJudged,
  readsAnyOf,
  VALIDATIONS,
} from './expressions.ts';

export interface ValidationFacts {
  /** Undefined where that is not known. */
  requester: RequestedBy | undefined;
  /** Of the grant's namespace; undefined where there is none. */
  labels: Readonly<Record<string, string>> | undefined;
}

export function hasValidations({ spec }: Pick<TaskGrantClass, 'spec'>): boolean {
  return (spec.validations ?? []).length > 0;
}

/** Each validation that does not compile: a class with one is not accepted. */
export function validationFaults({ spec }: Pick<TaskGrantClass, 'spec'>): Violation[] {
  return expressionFaults(VALIDATIONS, spec.validations, 'spec.validations');
}

/**
 * Each validation that is not true of the grant. One that cannot be told is a no, too; but for those that do not compile, which make
 * the class one that says neither yes nor no.
 *
 * @param grant as it was asked for: none of a cache that leaves something of its spec out
 */
export function satisfiesValidations(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  itsClass: Pick<TaskGrantClass, 'metadata' | 'spec'>,
  facts: ValidationFacts,
): Violation[] {
  if (!hasValidations(itsClass)) return [];
  const evaluation = evaluationOf(commonVariables({ grant, ...facts }));
  return (itsClass.spec.validations ?? []).flatMap(({ expression, message }, index) => {
    const compiled = VALIDATIONS.compile(expression);
    if (isFault(compiled)) return [];
    const verdict = evaluation.judge(compiled);
    if (verdict === true) return [];
    const [{ name }, { name: className }] = [grant.metadata, itsClass.metadata];
    const whose = `${className}, whose ${pathOf(index)}`;
    return [
      {
        code: 'ValidationFailed' as const,
        // The class is what its author has chosen; the validations are not theirs.
        path: 'spec.className',
        asked:
          verdict === false
            ? `${whose} is not true of ${name}`
            : `${whose} cannot be told of ${name}: ${verdict.error}`,
        allowed: message === undefined ? expression : `${message} (${expression})`,
        fix:
          verdict === false
            ? `ask for something else, or use another class than ${className}`
            : `say in the TaskGrant what it reads, use another class than ${className}, or tell who keeps it`,
      },
    ];
  });
}

/** The class with those validations true that cannot be told without the variables, so that the others keep their places; and where they stand. */
export function withoutValidationsOn<Class extends Pick<TaskGrantClass, 'spec'>>(
  unknown: readonly string[],
  itsClass: Class,
): { itsClass: Class; leftOut: string[] } {
  const { validations = [] } = itsClass.spec;
  const isKnown = ({ expression }: { expression: string }) => !readsAnyOf(unknown, expression, VALIDATIONS);
  const judged = heldUnlessJudged(validations, isKnown);
  return {
    itsClass: { ...itsClass, spec: { ...itsClass.spec, validations: judged } },
    leftOut: validations.flatMap((one, index) => (isKnown(one) ? [] : [pathOf(index)])),
  };
}

function pathOf(index: number): string {
  return `spec.validations[${index}]`;
}
