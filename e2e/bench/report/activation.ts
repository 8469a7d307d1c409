import type { ActivationResult } from '../measure/activation.ts';
import { rateRatio } from '../rounds.ts';
import { median, p99 } from '../statistics.ts';
import { times } from '../table.ts';
import { ABSOLUTE, absolute } from './absolute.ts';
import { atLeast, atMost, type Aim, type Section } from './aim.ts';

/** Differences below this are noise on a machine that client, API server and product share. */
const NOISE = 1.2;

export function activationSection({ levels, sustained, isolated }: ActivationResult): Section {
  const pace = median(sustained.ms) / median(isolated.ms);
  return {
    title:
      'Activation: a grant created → Active. Floor: service account, Role, RoleBinding by a bare client as admin; judged: the same, with Role and binding by the grantor, whom the API server’s escalation check judges',
    columns: ['at a time', 'what', ...ABSOLUTE, 'p50 to floor', 'p99', 'rate', 'p50 to judged'],
    rows: [
      ...levels.flatMap(({ atATime, floor, judged, grant }) =>
        Object.entries({ floor, judged, Active: grant }).map(([what, side]) => [
          `${atATime}`,
          what,
          ...absolute(side),
          times(median(side.ms) / median(floor.ms)),
          times(p99(side.ms) / p99(floor.ms)),
          times(rateRatio(side, floor)),
          times(median(side.ms) / median(judged.ms)),
        ]),
      ),
      ...Object.entries({ sustained, isolated }).map(([pace, side]) => [
        '1',
        `Active, ${pace}`,
        ...absolute(side),
      ]),
    ],
    aims: [
      ...levels.flatMap(({ atATime, floor, grant }): Aim[] => {
        if (atATime === 1) {
          return [
            atMost('Active, p50 alone, to the floor', 4, median(grant.ms) / median(floor.ms), times),
            atMost('Active, p99 alone, to the floor', 6, p99(grant.ms) / p99(floor.ms), times),
          ];
        }
        const rate = rateRatio(grant, floor);
        return atATime === 32 ? [atLeast('grants a second at 32, to the floor', 0.3, rate, times)] : [];
      }),
      atMost('sustained p50 to isolated p50 (the same, but for noise)', NOISE, pace, times),
    ],
  };
}
