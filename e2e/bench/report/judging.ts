import type { JudgedPod, JudgingResult } from '../measure/judging.ts';
import { median } from '../statistics.ts';
import { microseconds, times } from '../table.ts';
import { atMost, type Aim, type Section } from './aim.ts';

/** Of a pod of so many containers: for fewer than ten, and for more. Milliseconds. */
const LIMITS = { small: 0.05, large: 1 };

export function judgingSection({ pods }: JudgingResult): Section {
  return {
    title:
      'Judging, CPU time of one pod. Floor: JSON.parse of the review that carries it; review: from the review’s text to the answer’s, without HTTP and TLS',
    columns: ['pod', 'review', 'what', 'rounds', 'median', 'fastest', 'slowest', 'to parsing'],
    rows: pods.flatMap((pod) =>
      Object.entries({ parse: pod.parse, judge: pod.judge, review: pod.review }).map(([what, { ms }]) => [
        nameOf(pod),
        `${(pod.bytes / 1024).toFixed(1)} KiB`,
        what,
        `${ms.length}`,
        ...[median(ms), Math.min(...ms), Math.max(...ms)].map(microseconds),
        times(median(ms) / median(pod.parse.ms)),
      ]),
    ),
    aims: pods.flatMap((pod): Aim[] => {
      const limit = pod.containers < 10 ? LIMITS.small : LIMITS.large;
      const judged = median(pod.judge.ms);
      return [
        atMost(`judging ${nameOf(pod)}`, limit, judged, microseconds),
        atMost(`judging ${nameOf(pod)}, to parsing it`, 1, judged / median(pod.parse.ms), times),
      ];
    }),
  };
}

function nameOf({ containers, volumes }: JudgedPod): string {
  return `${containers} containers, ${volumes} volumes`;
}
