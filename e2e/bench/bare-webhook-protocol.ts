/** What the benchmark and its bare webhook, which is a process of its own, have to know of each other. */
export const PATHS = { mutating: '/mutate', validating: '/validate' } as const;

/** Asks for the CPU time. */
export const CPU_TIME = 'CPU time';

/** Where it listens; that it is asked at one of its paths, for the first time; how much CPU time it has had, in seconds. */
export type Said = { port: number } | { asked: string } | { cpuSeconds: number };
