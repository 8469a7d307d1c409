/**
 * The plan in a world that does with it what it likes: two controllers that both believe to lead, with caches that are behind, die at
 * any write or lose it; replicas that take a new certificate up late, and API servers a new bundle; Secrets that somebody has broken. What
 * a replica serves, as long as it is valid, every API server trusts.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beliefAfter,
  faultOfLifetimes,
  planCertificates,
  validityFrom,
  type Absence,
  type Authority,
  type Belief,
  type CertificateLifetimes,
  type CertificatePlan,
  type CertificateState,
} from './certificate-plan.ts';

/** An object of the API server: what is in it, and its resource version. */
interface Stored<T> {
  version: number;
  content: T;
}

interface ServedLeaf {
  notBefore: number;
  notAfter: number;
  signedBy: Authority;
  /** Of some configuration, all that was trusted had expired when it was signed: there was nothing that could be spoilt by not waiting. */
  fromNothing: boolean;
}

interface Cluster {
  ca: Stored<{ authority: Authority | Absence; previous: readonly Authority[] }>;
  tls: Stored<ServedLeaf | Absence>;
  configurations: readonly [Stored<string>, Stored<string>];
}

type Part = 'ca' | 'tls' | 'mutating' | 'validating';
const PARTS: readonly Part[] = ['ca', 'tls', 'mutating', 'validating'];

interface Controller {
  cache: Cluster;
  /** When each part of the cache was last what the API server had. */
  heardAt: Record<Part, number>;
  belief: Belief | undefined;
}

/** What becomes of a write: done, lost on its way, or the process dies before it, in the middle of it, or after it. */
type Fate = 'done' | 'lost' | 'dies before' | 'dies halfway' | 'dies after';

const LIFETIMES: CertificateLifetimes = { authority: 36_000, leaf: 12_000, overlap: 2000 };
/** How long API servers take to hear of a bundle, at the most. */
const HEARS_MS = 1900;
const NAMES = ['webhook'];

type World = ReturnType<typeof createWorld>;

/** An installation in which all is well. @param staleMs how far behind caches may be, in milliseconds */
function createWorld(lifetimes: CertificateLifetimes, staleMs: number) {
  let now = Date.parse('2026-11-23T09:00:00Z');
  const firstAuthority = { certificate: '[CA 1]', ...validityFrom(now, lifetimes.authority) };
  const made: Authority[] = [firstAuthority];
  const firstBundle = firstAuthority.certificate;
  /** What the API server goes by, of each configuration, and what it has still to hear of. */
  const trusted = [firstBundle, firstBundle];
  let unheard: { configuration: number; bundle: string; at: number }[] = [];

  const signed = (signedBy: Authority): ServedLeaf => {
    const { notBefore, notAfter } = validityFrom(now, lifetimes.leaf);
    const valid = made.filter((each) => now < each.notAfter);
    const fromNothing = !trusted.every((bundle) =>
      valid.some(({ certificate }) => bundle.includes(certificate)),
    );
    return { notBefore, notAfter: Math.min(notAfter, signedBy.notAfter), signedBy, fromNothing };
  };

  const firstLeaf = signed(firstAuthority);
  let cluster: Cluster = {
    ca: { version: 1, content: { authority: firstAuthority, previous: [] } },
    tls: { version: 1, content: firstLeaf },
    configurations: [
      { version: 1, content: firstBundle },
      { version: 1, content: firstBundle },
    ],
  };
  const replicas = [firstLeaf, firstLeaf, firstLeaf];

  const started = (): Controller => ({
    cache: cluster,
    heardAt: { ca: now, tls: now, mutating: now, validating: now },
    belief: undefined,
  });
  const controllers = [started(), started()];

  const hear = (index: number, part: Part): void => {
    const controller = controllers[index];
    if (!controller) return;
    controller.heardAt[part] = now;
    const { cache } = controller;
    const [mutating, validating] = cluster.configurations;
    if (part === 'mutating')
      controller.cache = { ...cache, configurations: [mutating, cache.configurations[1]] };
    else if (part === 'validating')
      controller.cache = { ...cache, configurations: [cache.configurations[0], validating] };
    else controller.cache = { ...cache, [part]: cluster[part] };
  };

  const seenBy = ({ cache }: Controller): CertificateState => {
    const { authority, previous } = cache.ca.content;
    const leaf = cache.tls.content;
    const known = [...(typeof authority === 'string' ? [] : [authority]), ...previous];
    const bundles = cache.configurations.map(({ content }) => content);
    return {
      now,
      authority,
      previous,
      believed: made.filter(({ certificate }) => bundles.some((each) => each.includes(certificate))),
      leaf:
        typeof leaf === 'string'
          ? leaf
          : { ...leaf, dnsNames: NAMES, signedBy: known.find((each) => each === leaf.signedBy)?.certificate },
      dnsNames: NAMES,
      bundles,
    };
  };

  const carryOut = ({ next }: CertificatePlan, cache: Cluster, halfway: boolean): void => {
    const { ca, tls, configurations } = cluster;
    switch (next?.do) {
      case undefined:
        return;
      case 'renewAuthority': {
        if (cache.ca.version !== ca.version) return;
        const authority = {
          certificate: `[CA ${made.length + 1}]`,
          ...validityFrom(now, lifetimes.authority),
        };
        made.push(authority);
        const content = { authority, previous: next.previous };
        cluster = { ...cluster, ca: { version: ca.version + 1, content } };
        return;
      }
      case 'issueLeaf': {
        const { authority } = cache.ca.content;
        if (cache.tls.version !== tls.version || typeof authority === 'string') return;
        cluster = { ...cluster, tls: { version: tls.version + 1, content: signed(authority) } };
        return;
      }
      case 'writeBundles': {
        // As certificates.ts asks the API server itself before this.
        if (cache.ca.content.authority !== ca.content.authority) return;
        const written = configurations.map((stored, index) => {
          const isStale = cache.configurations[index]?.version !== stored.version;
          if (isStale || stored.content === next.bundle || (halfway && index > 0)) return stored;
          unheard.push({ configuration: index, bundle: next.bundle, at: now });
          return { version: stored.version + 1, content: next.bundle };
        }) as [Stored<string>, Stored<string>];
        cluster = { ...cluster, configurations: written };
      }
    }
  };

  return {
    replicas,
    made,
    now: () => now,
    hear,

    pass(ms: number): void {
      now += ms;
      const late = unheard.filter(({ at }) => at + HEARS_MS <= now);
      for (const { configuration, bundle } of late) trusted[configuration] = bundle;
      unheard = unheard.filter((one) => !late.includes(one));
      for (const [index, { heardAt }] of controllers.entries())
        for (const part of PARTS) if (heardAt[part] + staleMs <= now) hear(index, part);
    },

    /** The API server takes up what was written last. */
    listen(configuration: number): void {
      trusted[configuration] = cluster.configurations[configuration]?.content ?? '';
      unheard = unheard.filter((one) => one.configuration !== configuration);
    },

    takeUp(replica: number): void {
      const leaf = cluster.tls.content;
      if (typeof leaf !== 'string' && leaf.notBefore <= now && now < leaf.notAfter) replicas[replica] = leaf;
    },

    /** Somebody empties a Secret, or leaves half of it. */
    breakSecret(which: 'ca' | 'tls', how: Absence): void {
      const { ca, tls } = cluster;
      if (which === 'tls') {
        cluster = { ...cluster, tls: { version: tls.version + 1, content: how } };
        return;
      }
      const { authority, previous } = ca.content;
      const readable = typeof authority === 'string' ? previous : [authority, ...previous];
      const content = { authority: how, previous: how === 'Missing' ? [] : readable };
      cluster = { ...cluster, ca: { version: ca.version + 1, content } };
    },

    act(index: number, fate: Fate): CertificatePlan | undefined {
      const controller = controllers[index];
      if (!controller) return undefined;
      const state = seenBy(controller);
      controller.belief = beliefAfter(controller.belief, state);
      const plan = planCertificates(state, controller.belief, lifetimes);
      if (fate !== 'lost' && fate !== 'dies before')
        carryOut(plan, controller.cache, fate === 'dies halfway');
      if (fate.startsWith('dies')) controllers[index] = started();
      return plan;
    },

    /** What no API server may ever meet. */
    untrusted(): string[] {
      const inUse = replicas.filter(
        ({ notBefore, notAfter, fromNothing }) => notBefore <= now && now < notAfter && !fromNothing,
      );
      return inUse.flatMap(({ signedBy: { certificate } }) =>
        trusted
          .filter((bundle) => !bundle.includes(certificate))
          .map((bundle) => `a replica serves one of ${certificate}, and ${bundle} is trusted`),
      );
    },

    expired: () => replicas.filter(({ notAfter }) => now >= notAfter),
  };
}

type Step = (world: World) => void;

const controllers = fc.nat({ max: 1 });
const fates = fc.constantFrom<Fate>(
  'done',
  'done',
  'done',
  'lost',
  'dies before',
  'dies halfway',
  'dies after',
);
const named = (name: string, step: Step): Step => Object.assign(step, { toString: () => name });

const ordinary = [
  fc.integer({ min: 1, max: 3000 }).map((ms) =>
    named(`${ms} ms pass`, (world) => {
      world.pass(ms);
    }),
  ),
  fc.tuple(controllers, fates).map(([index, fate]) =>
    named(`controller ${index} acts: ${fate}`, (world) => {
      world.act(index, fate);
    }),
  ),
  fc.tuple(controllers, fc.constantFrom(...PARTS)).map(([index, part]) =>
    named(`controller ${index} hears of ${part}`, (world) => {
      world.hear(index, part);
    }),
  ),
  fc.nat({ max: 2 }).map((replica) =>
    named(`replica ${replica} takes up`, (world) => {
      world.takeUp(replica);
    }),
  ),
  fc.nat({ max: 1 }).map((configuration) =>
    named(`configuration ${configuration} is heard of`, (world) => {
      world.listen(configuration);
    }),
  ),
];

const breaks = (...which: ('ca' | 'tls')[]) =>
  fc
    .tuple(fc.constantFrom(...which), fc.constantFrom<Absence>('Missing', 'Unreadable'))
    .map(([secret, how]) =>
      named(`the Secret ${secret} becomes ${how}`, (world) => {
        world.breakSecret(secret, how);
      }),
    );

/** Whatever happens in between, it is looked at and carried on with often enough that something comes of it. */
const lives = (...more: fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...ordinary, ...ordinary, ...more), { minLength: 50, maxLength: 300, size: 'max' });

const holds = (staleMs: number) => (steps: readonly Step[]) => {
  const world = createWorld(LIFETIMES, staleMs);
  for (const step of steps) {
    step(world);
    expect(world.untrusted(), String(step)).toEqual([]);
  }
};

describe('whatever a replica serves that is valid, every API server trusts', () => {
  test('also where a leader from before does not know yet of the CA that the next one has made', () => {
    const world = createWorld(LIFETIMES, Infinity);
    const leads = () => {
      for (const part of PARTS) world.hear(0, part);
      world.act(0, 'done');
      world.takeUp(0);
    };
    while (world.replicas[0]?.signedBy.certificate !== '[CA 2]') {
      world.pass(500);
      leads();
    }
    world.hear(1, 'mutating');
    world.hear(1, 'validating');
    expect(world.act(1, 'done')?.next?.do).toBe('writeBundles');
    world.listen(0);
    expect(world.untrusted()).toEqual([]);
  });

  test('however far behind caches are, with any write lost, any process killed, and the certificate broken', () => {
    fc.assert(fc.property(lives(breaks('tls')), holds(Infinity)), { numRuns: 500 });
  });

  test('also where the CA is lost, by as long as caches are behind for less than the overlap', () => {
    fc.assert(fc.property(lives(breaks('tls', 'ca')), holds(LIFETIMES.overlap)), { numRuns: 500 });
  });
});

const times = fc
  .record({
    overlap: fc.integer({ min: 2000, max: 20_000 }),
    leaves: fc.integer({ min: 6, max: 40 }),
    authorities: fc.integer({ min: 3, max: 40 }),
  })
  .map(({ overlap, leaves, authorities }) => ({
    overlap,
    leaf: leaves * overlap,
    authority: authorities * leaves * overlap,
  }));

test('with any lifetimes that go together, no replica ever serves what has expired, and CAs and certificates are renewed', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 10, max: 500 }), (lifetimes, stepMs) => {
      expect(faultOfLifetimes(lifetimes)).toBeUndefined();
      const world = createWorld(lifetimes, 0);
      const until = world.now() + 3 * lifetimes.authority;
      const served = new Set<ServedLeaf>();
      while (world.now() < until) {
        // As the queue does: again after a second at the latest where something is to be done, or when it is due.
        const plan = world.act(0, 'done');
        for (const part of PARTS) world.hear(0, part);
        for (const replica of world.replicas.keys()) world.takeUp(replica);
        for (const leaf of world.replicas) served.add(leaf);
        const dueIn = (plan?.againAt ?? 0) - world.now();
        world.pass(plan?.next ? stepMs : Math.max(1000, Math.ceil(dueIn)));
        expect([world.untrusted(), world.expired()]).toEqual([[], []]);
      }
      expect(world.made.length).toBeGreaterThanOrEqual(4);
      expect(served.size).toBeGreaterThan(3 * 3);
    }),
    { numRuns: 100 },
  );
});
