import { listed } from '../decision/violation.ts';
import type { RequestRule } from './rule.ts';
import { tokenViolations } from './tokens.ts';

/**
 * A driver that a pod names itself is one of the envelope, and so is one that is handed the pod's tokens, however the pod came
 * to it. What a claim leads to otherwise is its StorageClass's business, as for every pod; what else comes with a type of volume
 * is judged as what it is: a Secret, or the node's.
 */
export const driverInEnvelope: RequestRule<'CsiDriver'> = function* ({ value, path }, { grant }) {
  const { csiDrivers = [] } = grant.spec.envelope;
  if (csiDrivers.includes(value.name) || (value.by !== 'inline' && !value.mints)) return;
  yield {
    code: 'DriverNotGranted',
    path,
    asked: value.mints ? `${value.name}, which is handed tokens of the pod` : value.name,
    allowed: listed(csiDrivers),
    fix: 'add the driver to spec.envelope.csiDrivers of a new grant, or drop the volume',
  };
};

/** The tokens that a driver is handed are of the envelope as well, with a lifetime that covers what the driver asks for. */
export const driverTokenWithinEnvelope: RequestRule<'DriverToken'> = function* ({ value, path }, facts) {
  const words = {
    path: { audience: path, expirationSeconds: path },
    of: `, for driver ${value.driver}`,
    longer: (seconds: number) =>
      `have at least ${value.expirationSeconds} s for the audience in spec.envelope.tokens of a new grant (now ${seconds}), or drop the volume`,
    other: 'drop the volume, or have the CSIDriver’s tokenRequests changed',
    another: 'add the audience to spec.envelope.tokens of a new grant, or drop the volume',
  };
  yield* tokenViolations(value, facts, words);
};
