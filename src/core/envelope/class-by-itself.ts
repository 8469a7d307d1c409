/** A class, judged by nothing but what it says. */
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import type { Violation } from '../decision/violation.ts';
import { selectorFaults } from '../label-selector.ts';
import { validationFaults } from './validations.ts';

/** Why grants of the class cannot be judged by it. */
export function judgeClassByItself(itsClass: Pick<TaskGrantClass, 'spec'>): Violation[] {
  return [...selectorIsValid(itsClass), ...validationFaults(itsClass)];
}

function selectorIsValid({ spec }: Pick<TaskGrantClass, 'spec'>): Violation[] {
  return selectorFaults(spec.namespaceSelector ?? {}).map(({ path, asked, allowed }) => ({
    code: 'SelectorInvalid',
    path: `spec.namespaceSelector.${path}`,
    asked,
    allowed,
    fix: 'correct the selector of the class, or use another class',
  }));
}
