/** What the benchmark and the process that sends its reviews have to know of each other. */

/** Where the reviews go, and what they are. */
export interface Target {
  readonly port: number;
  readonly path: string;
  /** Whom to trust: PEM. */
  readonly authority: string;
  readonly connections: number;
  /** Sent by turns. */
  readonly bodies: readonly string[];
}

/** So many reviews. */
export interface Order {
  readonly count: number;
}

/** The samples in milliseconds and the whole in seconds, as in a Block; or why there is none. */
export type Reply =
  { readonly ms: readonly number[]; readonly seconds: number } | { readonly failed: string };
