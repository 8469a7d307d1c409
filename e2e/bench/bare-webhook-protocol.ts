/** What the benchmark and its bare webhook, which is a process of its own, have to know of each other. */
export const PATHS = { mutating: '/mutate', validating: '/validate' } as const;

/** Where it listens; or that it is asked at one of its paths, for the first time. */
export type Said = { port: number } | { asked: string };
