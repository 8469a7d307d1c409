import type { ReviewsLevel, ReviewsResult } from '../measure/reviews.ts';
import { rateRatio } from '../rounds.ts';
import { median, p99 } from '../statistics.ts';
import { microseconds, milliseconds, perSecond, times } from '../table.ts';
import { atLeast, atMost, type Aim, type Section } from './aim.ts';

export function reviewsSection({ levels }: ReviewsResult): Section {
  return {
    title:
      'Reviews: the webhook process alone, over TLS connections that are kept alive. Floor: the bare webhook, which answers the same reviews with a yes',
    columns: [
      ...['grants', 'active', 'connections', 'what', 'reviews', 'p50', 'p99', 'per s', 'CPU each'],
      ...['p50 to floor', 'p99', 'rate', 'CPU'],
    ],
    rows: levels.flatMap(({ grants, connections, bare, webhook }) =>
      Object.entries({ bare, webhook }).map(([what, side]) => [
        ...[`${grants.grants}`, `${grants.active}`, `${connections}`, what, `${side.ms.length}`],
        milliseconds(median(side.ms)),
        milliseconds(p99(side.ms)),
        perSecond(median(side.rates)),
        microseconds(median(side.cpuMs)),
        times(median(side.ms) / median(bare.ms)),
        times(p99(side.ms) / p99(bare.ms)),
        times(rateRatio(side, bare)),
        times(median(side.cpuMs) / median(bare.cpuMs)),
      ]),
    ),
    aims: levels.flatMap((level, index): Aim[] => {
      const { grants, connections, webhook } = level;
      const among = `${connections} connections, ${grants.grants} grants`;
      const [few] = levels;
      return [
        atLeast(`reviews a second, ${among}`, 2000, median(webhook.rates), perSecond),
        atMost(`p99 of a review, ${among}`, 50, p99(webhook.ms), milliseconds),
        ...(index === 0 || !few ? [] : [flatness(few, level)]),
      ];
    }),
  };
}

/** Each as a ratio to the floor of its own time: between the two there are minutes, and the machine has other things to do as well. */
function flatness(few: ReviewsLevel, many: ReviewsLevel): Aim {
  const slower = ({ webhook, bare }: ReviewsLevel): number => p99(webhook.ms) / p99(bare.ms);
  const what = `p99 to the floor’s, ${many.grants.grants} grants to ${few.grants.grants}`;
  return atMost(what, 1.2, slower(many) / slower(few), times);
}
