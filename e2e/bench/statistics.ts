/** What is said of a set of samples. Nothing is averaged: a mean hides the slow ones, and those are what people notice. */

/**
 * The smallest sample that at least this share of all samples does not exceed: always a time that was really measured
 * (Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996, definition 1: nearest rank).
 *
 * @param share 0 < share <= 1; 0.5 is the median
 * @throws RangeError where there are no samples, or the share is none
 */
export function quantile(samples: readonly number[], share: number): number {
  if (!(share > 0 && share <= 1)) throw new RangeError(`${share} is no share of the samples`);
  const ascending = samples.toSorted((a, b) => a - b);
  const found = ascending[Math.ceil(share * ascending.length) - 1];
  if (found === undefined) throw new RangeError('there are no samples');
  return found;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function p99(samples: readonly number[]): number {
  return quantile(samples, 0.99);
}
