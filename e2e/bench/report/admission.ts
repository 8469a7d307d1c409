import type { AdmissionLevel, AdmissionResult } from '../measure/admission.ts';
import { rateRatio } from '../rounds.ts';
import { median } from '../statistics.ts';
import { milliseconds, times } from '../table.ts';
import { ABSOLUTE, absolute } from './absolute.ts';
import { atLeast, atMost, type Aim, type Section } from './aim.ts';

/** What a CEL policy of Kyverno costs: 1.25 ms on top of a create of 1.4 ms (docs/performance.md). */
const OF_A_PEER = (1.4 + 1.25) / 1.4;

/** @param results with few grants first, then with many */
export function admissionSection(results: readonly AdmissionResult[]): Section {
  return {
    title:
      'Admission: creating a pod (dry run) without the label; bare: the same with two calls to a webhook in Node that says yes; policy: as much of the same checks as a ValidatingAdmissionPolicy can do; and with the label (mutated, validated)',
    columns: ['grants', 'at a time', 'what', ...ABSOLUTE, ...['p50 added', 'p50 to without', 'rate']],
    rows: results.flatMap(({ grants, levels }) =>
      levels.flatMap(({ atATime, without, bare, policy, with: labelled }) =>
        Object.entries({ without, bare, policy, with: labelled }).map(([what, side]) => [
          `${grants}`,
          `${atATime}`,
          what,
          ...absolute(side),
          milliseconds(median(side.ms) - median(without.ms)),
          times(median(side.ms) / median(without.ms)),
          times(rateRatio(side, without)),
        ]),
      ),
    ),
    aims: results.flatMap(({ grants, levels }, index) => [
      ...levels.flatMap((level): Aim[] => [
        ...(level.atATime === 1
          ? [
              atMost(`p50 added alone, ${grants} grants`, 2, added(level), milliseconds),
              atMost(`p50 alone, to that without, ${grants} grants`, OF_A_PEER, slower(level), times),
            ]
          : []),
        atLeast(
          `creates a second at ${level.atATime}, to those without, ${grants} grants`,
          0.5,
          rateRatio(level.with, level.without),
          times,
        ),
      ]),
      ...(index === 0 ? [] : levels.flatMap((level) => sameAsWithFew(level, grants, results[0]))),
    ]),
  };
}

function sameAsWithFew(level: AdmissionLevel, grants: number, few: AdmissionResult | undefined): Aim[] {
  const before = few?.levels.find(({ atATime }) => atATime === level.atATime);
  if (!before || level.atATime !== 1) return [];
  const name = `p50 alone, to that without, ${grants} grants to ${few?.grants ?? 0}`;
  return [atMost(name, 1.1, slower(level) / slower(before), times)];
}

function added(level: AdmissionLevel): number {
  return median(level.with.ms) - median(level.without.ms);
}

/** As a ratio, so that two runs at different times can be compared. */
function slower(level: AdmissionLevel): number {
  return median(level.with.ms) / median(level.without.ms);
}
