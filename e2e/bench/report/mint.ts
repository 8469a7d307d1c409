import type { MintLevel, MintResult } from '../measure/mint.ts';
import { rateRatio } from '../rounds.ts';
import { median, p99 } from '../statistics.ts';
import { milliseconds, times } from '../table.ts';
import { ABSOLUTE, absolute } from './absolute.ts';
import { atMost, type Section } from './aim.ts';

export function mintSection(levels: MintResult): Section {
  return {
    title:
      'Mint: a token of a plain account that is bound to a pod, and of a grant’s account (shortened where it has to be, and judged), both asked for as the pod’s node does',
    columns: ['at a time', 'what', ...ABSOLUTE, 'p50 added', 'p99 added', 'rate'],
    rows: levels.flatMap(({ atATime, without, with: granted }) =>
      Object.entries({ without, with: granted }).map(([what, side]) => [
        `${atATime}`,
        what,
        ...absolute(side),
        milliseconds(median(side.ms) - median(without.ms)),
        milliseconds(p99(side.ms) - p99(without.ms)),
        times(rateRatio(side, without)),
      ]),
    ),
    aims: levels
      .filter(({ atATime }) => atATime === 50)
      .map((level) => atMost('p99 added to a mint, 50 at a time', 20, p99Added(level), milliseconds)),
  };
}

function p99Added(level: MintLevel): number {
  return p99(level.with.ms) - p99(level.without.ms);
}
