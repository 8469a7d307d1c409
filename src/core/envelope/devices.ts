import { listed } from '../decision/violation.ts';
import type { RequestRule } from './rule.ts';

/** Every device comes from a class, or is a resource, that the grant names. */
export const deviceIsGranted: RequestRule<'Device'> = function* ({ value, path }, { grant }) {
  const { deviceClasses = [] } = grant.spec.workload;
  if (deviceClasses.includes(value)) return;
  yield {
    code: 'DeviceNotGranted',
    path,
    asked: value,
    allowed: listed(deviceClasses),
    fix: 'add it to spec.workload.deviceClasses of a new grant, or drop it',
  };
};
