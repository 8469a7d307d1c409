/** How much is measured. */
export const suites = [
  'judging',
  'activation',
  'admission',
  'mint',
  'revocation',
  'memory',
  'reviews',
] as const;

export type Suite = (typeof suites)[number];

/** For `--help`. */
export const DESCRIPTIONS: Readonly<Record<Suite, string>> = {
  judging: 'CPU time of judging a pod, against parsing it',
  activation: 'a grant created → Active, against the same writes by a bare client',
  admission: 'what a pod’s creation takes longer, against a webhook that says yes and a policy in CEL',
  mint: 'what a token takes longer, against one of an account that is no grant’s',
  revocation: 'a task done → the first refusal, against the same deletions',
  memory: 'of each process, with ten thousand grants',
  reviews: 'the webhook process alone, with 10 and 50,000 grants, against one that says yes',
};

export function isSuite(text: string): text is Suite {
  return suites.some((suite) => suite === text);
}

/** So many blocks of each side in turns, of so many samples each. */
export interface Level {
  readonly atATime: number;
  readonly rounds: number;
  readonly perRound: number;
}

export interface Plan {
  /** Of each side of each pod. */
  readonly judging: { readonly rounds: number };
  readonly activation: readonly Level[];
  /** One grant at a time: so many rounds of grants on each other's heels, and of grants on their own. */
  readonly pace: { readonly rounds: number; readonly sustained: number; readonly isolated: number };
  readonly admission: readonly Level[];
  readonly mint: readonly Level[];
  readonly revocation: {
    /** Of each side, in turns: until a request is refused. */
    readonly rights: number;
    /** Of each side, all at once: until a token is no identity any more. */
    readonly identities: number;
  };
  /** How many grants there are when memory is looked at, and admission again with the last. */
  readonly populations: readonly [few: number, many: number];
  /** So many reviews to each side in a round, after so many that do not count. */
  readonly reviews: {
    readonly connections: number;
    readonly warmUp: number;
    readonly rounds: number;
    readonly perRound: number;
    readonly grants: readonly [few: CachedGrants, many: CachedGrants];
  };
}

/** How many grants are in the webhook's cache, and how many of them active: the others take part in nothing but the size of it. */
interface CachedGrants {
  readonly grants: number;
  readonly active: number;
}

/** p99 wants hundreds of samples: of 600 it is the sixth slowest. */
export const FULL: Plan = {
  judging: { rounds: 20 },
  activation: [
    { atATime: 1, rounds: 12, perRound: 50 },
    { atATime: 8, rounds: 8, perRound: 100 },
    { atATime: 32, rounds: 8, perRound: 200 },
  ],
  pace: { rounds: 5, sustained: 100, isolated: 20 },
  admission: [
    { atATime: 1, rounds: 12, perRound: 100 },
    { atATime: 10, rounds: 8, perRound: 250 },
    { atATime: 50, rounds: 8, perRound: 500 },
  ],
  mint: [
    { atATime: 1, rounds: 8, perRound: 100 },
    { atATime: 50, rounds: 8, perRound: 500 },
  ],
  revocation: { rights: 200, identities: 20 },
  populations: [1_000, 10_000],
  reviews: {
    connections: 50,
    // V8 compiles the last of a webhook's code after some ten thousand reviews: one that has been up for an hour has had more.
    warmUp: 20_000,
    rounds: 8,
    perRound: 5_000,
    grants: [
      { grants: 10, active: 10 },
      { grants: 50_000, active: 5_000 },
    ],
  },
};

/** To see that everything works; too few samples to judge by. */
export const QUICK: Plan = {
  judging: { rounds: 5 },
  activation: [
    { atATime: 1, rounds: 3, perRound: 20 },
    { atATime: 8, rounds: 3, perRound: 40 },
    { atATime: 32, rounds: 3, perRound: 64 },
  ],
  pace: { rounds: 2, sustained: 30, isolated: 10 },
  admission: [
    { atATime: 1, rounds: 3, perRound: 50 },
    { atATime: 10, rounds: 3, perRound: 100 },
    { atATime: 50, rounds: 3, perRound: 200 },
  ],
  mint: [
    { atATime: 1, rounds: 3, perRound: 50 },
    { atATime: 50, rounds: 3, perRound: 200 },
  ],
  revocation: { rights: 20, identities: 5 },
  populations: [100, 1_000],
  reviews: {
    connections: 50,
    warmUp: 10_000,
    rounds: 4,
    perRound: 2_000,
    grants: [
      { grants: 10, active: 10 },
      { grants: 1_000, active: 100 },
    ],
  },
};
