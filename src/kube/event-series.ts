import type { ObjectReference } from '../api/kubernetes.ts';

/** Something worth telling whoever looks at an object with `kubectl describe`. */
export interface EventInput {
  /** What it is about: `referenceTo(object)`. */
  regarding: ObjectReference;
  /** A second object that is involved. */
  related?: ObjectReference;
  type: 'Normal' | 'Warning';
  /** Why, in one machine-readable CamelCase word, at most 128 characters. */
  reason: string;
  /** What was done or refused, in one machine-readable CamelCase word, at most 128 characters. */
  action: string;
  /** For people. Cut at 1024 bytes, the API server's limit. */
  note: string;
}

/** An event that was recorded, and how often since. */
export interface Series {
  input: EventInput;
  firstAt: Date;
  lastAt: Date;
  count: number;
}

/** Repeats within so long belong to one series; client-go's number (tools/events, finishTime). */
export const SERIES_WINDOW_MS = 6 * 60_000;

/** The series that are still open, bounded: the one that was heard of longest ago gives way. */
export interface OpenSeries {
  /** The series that this event belongs to: one that is open, its count raised by one, or a new one with a count of 1. */
  add(input: EventInput, now: Date): Series;
  /** Ends the series: its next event begins another. */
  end(series: Series): void;
  size(): number;
}

/** Whether two events are repeats of each other; the state in which they found the object makes no difference. */
const identityOf = ({ regarding, related, type, reason, action, note }: EventInput): string =>
  JSON.stringify([objectOf(regarding), related && objectOf(related), type, reason, action, note]);

const objectOf = ({ kind, namespace, name, uid }: ObjectReference) => [kind, namespace, name, uid];

export const createOpenSeries = (maxOpen: number): OpenSeries => {
  /** Least recently heard of first. */
  const open = new Map<string, Series>();
  return {
    add(input, now) {
      const identity = identityOf(input);
      const known = open.get(identity);
      open.delete(identity);
      let series: Series;
      if (known && now.getTime() - known.lastAt.getTime() < SERIES_WINDOW_MS) {
        series = known;
        series.count += 1;
        series.lastAt = now;
      } else series = { input, firstAt: now, lastAt: now, count: 1 };
      open.set(identity, series);
      const [oldest] = open.keys();
      if (open.size > maxOpen && oldest !== undefined) open.delete(oldest);
      return series;
    },
    end(series) {
      const identity = identityOf(series.input);
      if (open.get(identity) === series) open.delete(identity);
    },
    size: () => open.size,
  };
};
