/** What the product wants to be, what was measured, and whether that is so. */
export interface Aim {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

/** @param render writes a number with its unit */
export function atMost(
  what: string,
  limit: number,
  measured: number,
  render: (value: number) => string,
): Aim {
  return { what, wanted: `≤ ${render(limit)}`, measured: render(measured), met: measured <= limit };
}

/** @param render writes a number with its unit */
export function atLeast(
  what: string,
  limit: number,
  measured: number,
  render: (value: number) => string,
): Aim {
  return { what, wanted: `≥ ${render(limit)}`, measured: render(measured), met: measured >= limit };
}

/** One table, and what is to be said about it. */
export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly aims: readonly Aim[];
}
