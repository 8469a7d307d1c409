/** How long to wait before something is tried again that nothing tells of: soon at first, and then ever later. Milliseconds all. */

export interface PauseBounds {
  least: number;
  most: number;
}

export function pauseWithin({ least, most }: PauseBounds, pause: number): number {
  return Math.min(most, Math.max(least, pause));
}
