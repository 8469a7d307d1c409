/** What no envelope can hold, and who may come into a running pod. */
import { listed } from '../decision/violation.ts';
import type { RequestRule } from './rule.ts';

/** Nobody but the task's own containers holds its identity, unless the grant says otherwise. */
export const execIsAllowed: RequestRule<'EphemeralContainer'> = function* ({ value, path }, { grant }) {
  if (grant.spec.workload.allowExec) return;
  yield {
    code: 'ExecNotAllowed',
    path,
    asked: `ephemeral container ${value}`,
    allowed: 'none',
    fix: 'set spec.workload.allowExec in a new grant where people must look into the running task',
  };
};

/** A pod under a grant gets nothing of its node. */
export const nothingOfTheNode: RequestRule<'NodeAccess'> = function* ({ value, path }) {
  yield {
    code: 'NodeAccess',
    path,
    asked: value,
    allowed: 'nothing of its node',
    fix: 'drop the field: no envelope can hold access to a node',
  };
};

/** What cannot be judged is refused. */
export const nothingUnjudged: RequestRule<'Unjudged'> = function* ({ value, path }) {
  yield {
    code: 'PodNotSupported',
    path,
    asked: value.what,
    allowed: listed(value.known),
    fix: 'do without it: this version cannot judge it yet',
  };
};
