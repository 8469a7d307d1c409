/**
 * From any observed state, with any sequence of faults, repeated reconciling reaches the right end and never grants
 * twice. The world here is a model of what the API server keeps (versions, UIDs, the CRD's own transition rules); how the
 * real one behaves is shown in e2e/.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod, Stored } from '../../api/kubernetes.ts';
import { isBeforeActive, isFinal } from '../../api/reasons.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { NOTHING_BESIDES, type AccessBesides } from '../rules/effective.ts';
import { aClass, withApproval, withGrantSpec, withWorkload } from '../testing/builders.ts';
import { aNewGrant, asStored, someFacts } from '../testing/lifecycle.ts';
import { withChange, type Change } from './change.ts';
import { decide } from './decide.ts';
import type { Action, Facts } from './facts.ts';
import { inventoryItemOf, isIssuedFor, issuedFor, sameName, type FoundObject } from './issued.ts';

/** The process ends here: nothing after it is carried out, and what it knew is lost. */
class Crash extends Error {}
class Conflict extends Error {}

interface World {
  grant: Stored<TaskGrant> | undefined;
  objects: FoundObject[];
  pods: Stored<Pod>[];
  now: number;
  version: number;
  /** Whether the API server refuses what it has to. */
  enforced: boolean;
  /** Whether its class wants approval of the grant, within ten minutes. */
  wantsApproval: boolean;
  /** Whose rights are the ceiling of the grant's class. */
  grantor: string;
  /** What the class says of the grant. */
  allows: boolean;
  /** The account to which somebody has bound something by its name, and when it was bound to all accounts of the namespace. */
  boundAccount: string | undefined;
  allBoundAt: number | undefined;
  /** Whether the grant is too large for its status to be stored. */
  unwritable: boolean;
  /** Everything that came into being, by kind and name. */
  created: string[];
  /** Every phase in the order in which the API server stored them. */
  phases: string[];
  /** Actions before the process ends; counted down. */
  lives: number;
  /** In which order the actions of one step, which are under way at the same time, reach the API server. */
  lastGoesFirst: boolean;
}

const START = Date.parse('2026-11-23T09:00:00Z');
const MINUTE = 60_000;

function aWorld(onDrift: 'Revoke' | 'Suspend' = 'Revoke'): World {
  return {
    grant: aNewGrant(
      withWorkload({ maxPods: 3 }),
      withGrantSpec({ duration: '30m', ttlAfterFinished: '1h', onDrift }),
    ),
    objects: [],
    pods: [],
    now: START,
    version: 1,
    enforced: true,
    wantsApproval: false,
    grantor: 'wide',
    allows: true,
    boundAccount: undefined,
    allBoundAt: undefined,
    unwritable: false,
    created: [],
    phases: [],
    lives: Infinity,
    lastGoesFirst: false,
  };
}

function observed(world: World): Facts | undefined {
  const { grant } = world;
  if (!grant) return undefined;
  return someFacts({
    grant,
    now: world.now,
    class: aClass({
      authorization: 'Ceiling',
      grantor: { namespace: 'taskgrant-system', name: `taskgrant-grantor-${world.grantor}` },
      limits: { maxPods: world.allows ? 3 : 2 },
      ...(world.wantsApproval && { approval: { requiredAtRisk: 'Medium', maxWait: '10m' } }),
    }),
    enforcement: { proven: world.enforced, message: world.enforced ? 'was refused' : 'was let through' },
    pods: world.pods.filter(
      ({ spec }) => spec?.serviceAccountName === grant.status?.serviceAccountName && grant.status,
    ),
    found: world.objects.filter((object) => isIssuedFor(grant, object)),
    besides: besidesIn(world, grant),
    suffix: `v${world.version}`,
  });
}

function besidesIn({ boundAccount, allBoundAt }: World, { status }: Stored<TaskGrant>): AccessBesides {
  const isNamed = boundAccount !== undefined && boundAccount === status?.serviceAccountName;
  return {
    ...NOTHING_BESIDES,
    byHand: isNamed ? [{ by: 'ClusterRoleBinding more', rules: [] }] : [],
    toItsNamespace:
      allBoundAt === undefined
        ? []
        : [{ by: 'RoleBinding agents/all', since: new Date(allBoundAt).toISOString() }],
  };
}

/** One process takes the grant up, with what it observed then, and works until it comes to rest or ends. */
function reconcile(world: World, lives = Infinity, facts = observed(world)): void {
  world.lives = lives;
  // Without a grant, everything of its name is removed (controller/grant-reconciler.ts, removeStrangers).
  if (!world.grant) world.objects = [];
  if (!facts) return;
  let known = facts;
  try {
    for (let plans = 0; plans < 20; plans++) {
      const plan = decide(known);
      if (plan.steps.length === 0) return;
      for (const step of plan.steps)
        for (const action of world.lastGoesFirst ? step.toReversed() : step)
          known = withChange(known, carryOut(action, known, world));
      known = { ...known, now: world.now };
    }
    throw new Error(`does not come to rest: ${JSON.stringify(decide(known))}`);
  } catch (error) {
    if (!(error instanceof Crash) && !(error instanceof Conflict)) throw error;
  } finally {
    world.lives = Infinity;
  }
}

function carryOut(action: Action, facts: Facts, world: World): Change {
  if (world.lives-- <= 0) throw new Crash();
  world.now += 3;
  const { grant, progress } = facts;
  switch (action.do) {
    case 'writeStatus':
      if (world.unwritable) return { unrecorded: 'request is too large' };
      return { grant: store(world, grant, { ...grant, status: action.status }) };
    case 'addFinalizer':
    case 'removeFinalizer': {
      const finalizers = action.do === 'addFinalizer' ? ['taskgrant.dev/revocation'] : [];
      const written = store(world, grant, { ...grant, metadata: { ...grant.metadata, finalizers } });
      if (written.metadata.deletionTimestamp !== undefined && finalizers.length === 0)
        world.grant = undefined;
      return { grant: written };
    }
    case 'create': {
      const item = inventoryItemOf(action.object);
      const there = world.objects.find((other) => sameName(inventoryItemOf(other), item));
      if (there && !isIssuedFor(grant, there))
        return { failure: { reason: 'NameTaken', message: 'somebody else was there first' } };
      if (there?.kind === 'ServiceAccount') return { created: there };
      world.objects = world.objects.filter((other) => other !== there);
      const object = { ...asStored(action.object, `uid-${world.version++}`), writtenBy: world.grantor };
      world.objects.push(object);
      world.created.push(`${object.kind} ${object.metadata.name}`);
      return { created: object };
    }
    case 'remove':
      world.objects = world.objects.filter(
        (object) => !sameName(inventoryItemOf(object), action.item) || !isIssuedFor(grant, object),
      );
      return { removed: action.item };
    case 'note':
      return { progress: { ...progress, [action.what]: timeIn(world) } };
    case 'removePod':
      world.pods = world.pods.filter(({ metadata }) => metadata.uid !== action.uid);
      return { podRemoved: { uid: action.uid, at: timeIn(world) } };
    case 'look': {
      const remaining = world.objects.filter((object) => isIssuedFor(grant, object)).map(inventoryItemOf);
      return { progress: { ...progress, look: { at: timeIn(world), remaining, stillAllowed: [] } } };
    }
    case 'lookAtRights': {
      const remaining = world.objects
        .filter((object) => isIssuedFor(grant, object) && object.kind !== 'ServiceAccount')
        .map(inventoryItemOf);
      return { progress: { ...progress, rightsLook: { at: timeIn(world), remaining, stillAllowed: [] } } };
    }
    case 'removeGrant':
      world.grant = undefined;
      return { grant: { ...grant, metadata: { ...grant.metadata, deletionTimestamp: timeIn(world) } } };
    case 'askRequester':
      return { requesterLacks: [] };
  }
}

/** The grantor as which an object was created; what somebody replaces it by has none. */
function writerOf(object: FoundObject): string {
  return 'writtenBy' in object ? String(object.writtenBy) : '';
}

function timeIn({ now }: World): string {
  return new Date(now).toISOString();
}

/** Optimistic locking, and the CRD's transition rules. */
function store(world: World, read: Stored<TaskGrant>, written: Stored<TaskGrant>): Stored<TaskGrant> {
  const { grant } = world;
  if (grant?.metadata.resourceVersion !== read.metadata.resourceVersion) throw new Conflict();
  const [before, after] = [grant.status?.phase, written.status?.phase];
  if (isFinal(before) && after !== before) throw new Error(`${before} became ${String(after)}`);
  if (before === 'Revoking' && after !== 'Revoking' && !isFinal(after))
    throw new Error(`Revoking became ${String(after)}`);
  const wasActive = before === 'Active' || before === 'Suspended';
  if (wasActive ? after === 'Pending' : after === 'Suspended')
    throw new Error(`${String(before)} became ${String(after)}`);
  const { activatedAt } = grant.status ?? {};
  if (activatedAt !== undefined && written.status?.activatedAt !== activatedAt)
    throw new Error(`activated at ${activatedAt} and again`);
  if (after !== before) world.phases.push(after ?? '');
  world.grant = { ...written, metadata: { ...written.metadata, resourceVersion: `v${world.version++}` } };
  return world.grant;
}

function write(world: World, change: (grant: Stored<TaskGrant>) => Stored<TaskGrant>): void {
  if (world.grant) store(world, world.grant, change(world.grant));
}

/** What can happen to a grant from outside, each with the name by which a failing run shows it. */
const HAPPENINGS = {
  aPodIsCreated(world: World) {
    const account = world.grant?.status?.serviceAccountName;
    if (account === undefined || world.grant?.status?.phase !== 'Active' || world.pods.length > 5) return;
    const uid = `pod-${world.version++}`;
    world.pods.push({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: uid,
        uid,
        resourceVersion: '1',
        creationTimestamp: new Date(world.now).toISOString(),
      },
      spec: { serviceAccountName: account, containers: [] },
      status: { phase: 'Running' },
    });
  },
  aPodSucceeds: (world: World) => {
    setPhase(world, 'Succeeded');
  },
  aPodFails: (world: World) => {
    setPhase(world, 'Failed');
  },
  aPodIsDeleted: (world: World) => {
    world.pods.shift();
  },
  aMinutePasses: (world: World) => {
    world.now += MINUTE;
  },
  halfAnHourPasses: (world: World) => {
    world.now += 30 * MINUTE;
  },
  itIsRevoked: (world: World) => {
    write(world, (grant) => ({ ...grant, spec: { ...grant.spec, revoke: true } }));
  },
  itIsDeleted: (world: World) => {
    if (world.grant?.metadata.finalizers?.length === 0) world.grant = undefined;
    write(world, (grant) => ({ ...grant, metadata: { ...grant.metadata, deletionTimestamp: 'now' } }));
  },
  enforcementIsLost: (world: World) => {
    world.enforced = false;
  },
  enforcementIsBack: (world: World) => {
    world.enforced = true;
  },
  theClassGetsAnotherGrantor: (world: World) => {
    world.grantor = world.grantor === 'wide' ? 'narrow' : 'wide';
  },
  itIsSuspended: (world: World) => {
    write(world, (grant) => ({ ...grant, spec: { ...grant.spec, suspend: true } }));
  },
  itIsResumed: (world: World) => {
    write(world, (grant) => ({ ...grant, spec: { ...grant.spec, suspend: false } }));
  },
  theClassAllowsLess: (world: World) => {
    world.allows = false;
  },
  theClassAllowsAsMuchAgain: (world: World) => {
    world.allows = true;
  },
  theGrantIsPaddedUntilNothingFits: (world: World) => {
    world.unwritable = true;
  },
  thePaddingIsTakenOff: (world: World) => {
    world.unwritable = false;
  },
  requestsOvertakeEachOther: (world: World) => {
    world.lastGoesFirst = !world.lastGoesFirst;
  },
  theFinalizerIsTakenOff: (world: World) => {
    write(world, (grant) => ({ ...grant, metadata: { ...grant.metadata, finalizers: [] } }));
    if (world.grant?.metadata.deletionTimestamp !== undefined) world.grant = undefined;
  },
  whatLooksLikeTheGrantsIsMadeBySomebody: (world: World) => {
    const { grant } = world;
    if (!grant) return;
    for (const object of issuedFor(grant)) {
      const item = inventoryItemOf(object);
      if (world.objects.some((other) => sameName(inventoryItemOf(other), item))) continue;
      world.objects.push(asStored(object, `uid-${world.version++}`));
    }
  },
  itsAccountIsBoundBySomebody: (world: World) => {
    world.boundAccount = world.grant?.status?.serviceAccountName;
  },
  itsAccountIsBoundNoMore: (world: World) => {
    world.boundAccount = undefined;
  },
  allAccountsAreBoundBySomebody: (world: World) => {
    world.allBoundAt = ++world.now;
  },
  allAccountsAreBoundNoMore: (world: World) => {
    world.allBoundAt = undefined;
  },
  aBindingIsRemovedBySomebody: (world: World) => {
    world.objects = world.objects.filter(({ kind }) => kind !== 'RoleBinding');
  },
  aRoleIsWidenedBySomebody: (world: World) => {
    world.objects = world.objects.map((object) =>
      object.kind === 'Role'
        ? { ...object, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] }
        : object,
    );
  },
} satisfies Record<string, (world: World) => void>;

/** As the webhook takes it: of a grant that is not active yet, once. */
const APPROVALS = {
  itIsApproved: (world: World) => {
    decideOn(world, 'Approved');
  },
  itIsDenied: (world: World) => {
    decideOn(world, 'Denied');
  },
} satisfies Record<string, (world: World) => void>;

function decideOn(world: World, decision: 'Approved' | 'Denied'): void {
  const { spec, status } = world.grant ?? {};
  if (spec?.approval || !isBeforeActive(status?.phase)) return;
  write(world, withApproval(decision));
}

function setPhase(world: World, phase: string): void {
  const index = world.pods.findIndex(({ status }) => status?.phase === 'Running');
  world.pods = world.pods.map((pod, at) => (at === index ? { ...pod, status: { phase } } : pod));
}

const onDrift = fc.constantFrom('Revoke' as const, 'Suspend' as const);
const ALL_HAPPENINGS = { ...HAPPENINGS, ...APPROVALS };
const happening = fc.constantFrom(...(Object.keys(HAPPENINGS) as (keyof typeof HAPPENINGS)[]));
const anyHappening = fc.constantFrom(
  ...(Object.keys(ALL_HAPPENINGS) as (keyof typeof ALL_HAPPENINGS)[]),
  // Half of the stories would have neither, among so much else.
  ...(['itIsApproved', 'itIsApproved', 'itIsApproved', 'itIsDenied'] as const),
);
const crash = fc.record({ crashAfter: fc.nat(25) });
/** A process that observed, was paused, and goes on later with what it knew. */
const pause = fc.record({ wakesAfter: fc.nat(3), lives: fc.nat(12) });
const story = fc.array(fc.oneof(happening, crash, pause), { maxLength: 25 });

function live(
  world: World,
  events: readonly (
    keyof typeof ALL_HAPPENINGS | { crashAfter: number } | { wakesAfter: number; lives: number }
  )[],
) {
  const sleepers: { facts: Facts | undefined; at: number; lives: number }[] = [];
  events.forEach((event, index) => {
    if (typeof event === 'string') ALL_HAPPENINGS[event](world);
    else if ('crashAfter' in event) reconcile(world, event.crashAfter);
    else sleepers.push({ facts: observed(world), at: index + event.wakesAfter, lives: event.lives });
    for (const sleeper of sleepers) if (sleeper.at === index) reconcile(world, sleeper.lives, sleeper.facts);
  });
  for (const sleeper of sleepers)
    if (sleeper.at >= events.length) reconcile(world, sleeper.lives, sleeper.facts);
}

/** Everything that the clock alone brings about, undisturbed. */
function letItEnd(world: World): void {
  world.unwritable = false;
  world.enforced = true;
  // The time of one that has not been active does not pass.
  if (world.grant?.status?.activatedAt === undefined) HAPPENINGS.itIsResumed(world);
  reconcile(world);
  world.now += 31 * MINUTE;
  reconcile(world);
  reconcile(world);
}

/** Each run lives through a story of its own, and hundreds of them take seconds on a busy machine. */
describe('whatever happens, and wherever processes end', { timeout: 120_000 }, () => {
  test('a grant whose time is over is finished, and nothing that was made for it is left', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        letItEnd(world);
        if (world.grant) expect(isFinal(world.grant.status?.phase)).toBe(true);
        expect(world.objects).toEqual([]);
        if (world.grant) expect(world.grant.metadata.finalizers).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('it is activated once at most and again after each suspension, and what is created for it is created once unless a paused process wakes', () => {
    fc.assert(
      fc.property(onDrift, fc.array(fc.oneof(happening, crash), { maxLength: 25 }), (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        letItEnd(world);
        const times = (phase: string) => world.phases.filter((one) => one === phase).length;
        expect(times('Active')).toBeLessThanOrEqual(1 + times('Suspended'));
        const accounts = world.created.filter((what) => what.startsWith('ServiceAccount'));
        expect(accounts.length).toBe(new Set(accounts).size);
      }),
      { numRuns: 1000 },
    );
  });

  test('a name that was known while pods were not judged, and a process was there to see it, is never the grant’s', () => {
    fc.assert(
      fc.property(onDrift, fc.array(fc.oneof(happening, crash), { maxLength: 25 }), (reaction, events) => {
        const world = aWorld(reaction);
        const known = new Set<string>();
        for (const event of events) {
          live(world, [event]);
          const { phase, serviceAccountName = '' } = world.grant?.status ?? {};
          if (phase === 'Pending' && !world.enforced) {
            known.add(serviceAccountName);
            reconcile(world);
          } else if (phase === 'Active' && known.size > 0)
            expect([...known]).not.toContain(serviceAccountName);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('nothing is bound for a grant that is not active, once a process has looked at it undisturbed', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        reconcile(world);
        const bound = world.objects.filter(({ kind }) => kind === 'RoleBinding');
        if (world.grant?.status?.phase !== 'Active') expect(bound).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('an account to which somebody has bound more is gone, once a process has looked at it undisturbed, whatever onDrift says', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        HAPPENINGS.itsAccountIsBoundBySomebody(world);
        world.unwritable = false;
        reconcile(world);
        const names = world.objects.map(({ metadata }) => metadata.name);
        if (world.boundAccount !== undefined) expect(names).not.toContain(world.boundAccount);
      }),
      { numRuns: 1000 },
    );
  });

  test('no grant stays active where somebody has bound more to all accounts of its namespace since, once a process has looked at it undisturbed', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        reconcile(world);
        const { phase } = world.grant?.status ?? {};
        HAPPENINGS.allAccountsAreBoundBySomebody(world);
        world.unwritable = false;
        reconcile(world);
        const { phase: after } = world.grant?.status ?? {};
        if (phase === 'Active') expect(after).not.toBe('Active');
      }),
      { numRuns: 1000 },
    );
  });

  test('what was suspended for a binding to all accounts is active again when that is gone and somebody has looked', () => {
    const world = aWorld('Suspend');
    reconcile(world);
    HAPPENINGS.allAccountsAreBoundBySomebody(world);
    reconcile(world);
    expect(world.grant?.status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    const toggle = () => {
      HAPPENINGS.itIsSuspended(world);
      reconcile(world);
      HAPPENINGS.itIsResumed(world);
      reconcile(world);
    };
    toggle();
    expect(world.grant?.status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    HAPPENINGS.allAccountsAreBoundNoMore(world);
    toggle();
    expect(world.phases).toEqual(['Pending', 'Active', 'Suspended', 'Active']);
  });

  test('nothing is made for a grant that somebody has to approve before somebody has, nor where somebody has denied it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyHappening, crash, pause), { maxLength: 25 }), (events) => {
        const world = { ...aWorld(), wantsApproval: true };
        for (const event of events) {
          live(world, [event]);
          if (world.grant && world.grant.spec.approval?.decision !== 'Approved')
            expect(world.created).toEqual([]);
        }
        letItEnd(world);
        if (world.grant) expect(isFinal(world.grant.status?.phase)).toBe(true);
        expect(world.objects).toEqual([]);
        const decision = world.grant?.spec.approval?.decision;
        if (world.phases.includes('Active') && world.grant) expect(decision).toBe('Approved');
      }),
      { numRuns: 1000 },
    );
  });

  test('a grant that is approved in time becomes active, one that nobody approves is denied', () => {
    const phasesOf = (...events: ('itIsApproved' | 'aMinutePasses' | 'halfAnHourPasses')[]) => {
      const world = { ...aWorld(), wantsApproval: true };
      reconcile(world);
      for (const event of events) {
        live(world, [event]);
        reconcile(world);
      }
      return world.phases;
    };
    expect(phasesOf('aMinutePasses', 'itIsApproved')).toEqual(['AwaitingApproval', 'Pending', 'Active']);
    expect(phasesOf('halfAnHourPasses', 'itIsApproved')).toEqual(['AwaitingApproval', 'Denied']);
  });

  test('rights end with their time even where that cannot be written down', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        world.unwritable = true;
        world.now += 31 * MINUTE;
        reconcile(world);
        expect(world.objects.filter(({ kind }) => kind === 'RoleBinding')).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('what an active grant holds was written by the grantor of the class that was decided on', () => {
    fc.assert(
      fc.property(onDrift, fc.array(fc.oneof(happening, crash), { maxLength: 25 }), (reaction, events) => {
        const world = aWorld(reaction);
        const decidedOn = new Map<string, string>();
        for (const event of events) {
          live(world, [event]);
          const { phase, decision, inventory = [] } = world.grant?.status ?? {};
          const isHeld = (object: FoundObject) => inventory.some(({ uid }) => uid === object.metadata.uid);
          if (decision && !decidedOn.has(decision.id)) decidedOn.set(decision.id, world.grantor);
          if (phase !== 'Active' || !decision) continue;
          const grantors = world.objects.flatMap((object) =>
            object.kind === 'Role' && isHeld(object) ? [writerOf(object)] : [],
          );
          expect(new Set([decidedOn.get(decision.id), ...grantors]).size).toBe(1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('a suspension moves the end by nothing, and is there as long as the grant is suspended', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        for (const event of events) {
          live(world, [event]);
          const { phase, suspension, activatedAt, expiresAt } = world.grant?.status ?? {};
          expect(suspension !== undefined).toBe(phase === 'Suspended');
          if (activatedAt === undefined || expiresAt === undefined) continue;
          expect(Date.parse(expiresAt) - Date.parse(activatedAt)).toBe(30 * MINUTE);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('while it is to be suspended it holds nothing, once a process has looked at it undisturbed, and keeps its account', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        HAPPENINGS.itIsSuspended(world);
        world.unwritable = false;
        reconcile(world);
        const { phase, suspension, serviceAccountName } = world.grant?.status ?? {};
        expect(phase).not.toBe('Active');
        const kinds = world.objects.map(({ kind }) => kind);
        expect(kinds).not.toContain('RoleBinding');
        if (phase !== 'Suspended') return;
        expect(kinds).toEqual(['ServiceAccount']);
        expect(world.objects.map(({ metadata }) => metadata.name)).toEqual([serviceAccountName]);
        expect(suspension).toMatchObject({ reason: 'Suspended', verifiedAt: expect.any(String) as string });
      }),
      { numRuns: 1000 },
    );
  });

  test('what is resumed while everything is in order is active again, with all that it had, wherever a process ended', () => {
    fc.assert(
      fc.property(onDrift, fc.nat(25), fc.nat(25), fc.boolean(), (reaction, first, second, lastGoesFirst) => {
        const world = { ...aWorld(reaction), lastGoesFirst };
        reconcile(world);
        const before = world.objects.map((object) => inventoryItemOf(object));
        HAPPENINGS.itIsSuspended(world);
        reconcile(world, first);
        reconcile(world);
        HAPPENINGS.itIsResumed(world);
        reconcile(world, second);
        reconcile(world);
        expect(world.grant?.status?.phase).toBe('Active');
        const withoutUid = ({ kind, namespace, name }: (typeof before)[number]) =>
          `${kind} ${namespace}/${name}`;
        expect(world.objects.map(inventoryItemOf).map(withoutUid).toSorted()).toEqual(
          before.map(withoutUid).toSorted(),
        );
        expect(world.grant?.status?.inventory?.map(({ uid }) => uid).toSorted()).toEqual(
          world.objects.map(({ metadata }) => metadata.uid).toSorted(),
        );
      }),
    );
  });

  test('what has drifted out of its class is suspended until somebody has looked, where it says so', () => {
    fc.assert(
      fc.property(fc.nat(25), fc.nat(25), (first, second) => {
        const world = aWorld('Suspend');
        reconcile(world);
        HAPPENINGS.theClassAllowsLess(world);
        reconcile(world, first);
        reconcile(world);
        HAPPENINGS.theClassAllowsAsMuchAgain(world);
        reconcile(world, second);
        reconcile(world);
        expect(world.grant?.status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
        HAPPENINGS.itIsSuspended(world);
        reconcile(world);
        HAPPENINGS.itIsResumed(world);
        reconcile(world);
        expect(world.grant?.status?.phase).toBe('Active');
      }),
    );
  });

  test('a receipt tells its times in the order in which things went', () => {
    fc.assert(
      fc.property(onDrift, story, (reaction, events) => {
        const world = aWorld(reaction);
        live(world, events);
        letItEnd(world);
        const { revocation, inventory } = world.grant?.status ?? {};
        if (!revocation || !inventory) return;
        const { requestedAt, rbacRemovedAt = '', identityRemovedAt = '', verifiedAt = '' } = revocation;
        expect([requestedAt, rbacRemovedAt, identityRemovedAt, verifiedAt].toSorted()).toEqual([
          requestedAt,
          rbacRemovedAt,
          identityRemovedAt,
          verifiedAt,
        ]);
        expect(rbacRemovedAt).not.toBe('');
      }),
      { numRuns: 1000 },
    );
  });

  test('what nobody meddled with is recorded as complete, wherever a process ended', () => {
    fc.assert(
      fc.property(fc.nat(25), fc.boolean(), (lives, lastGoesFirst) => {
        const world = { ...aWorld(), lastGoesFirst };
        reconcile(world);
        HAPPENINGS.aPodIsCreated(world);
        reconcile(world);
        HAPPENINGS.aPodSucceeds(world);
        reconcile(world, lives);
        reconcile(world);
        expect(world.grant?.status?.phase).toBe('Completed');
      }),
    );
  });

  test('the finished object goes when its time is over', () => {
    const world = aWorld();
    letItEnd(world);
    world.now += 60 * MINUTE;
    reconcile(world);
    expect(world.grant).toBeUndefined();
  });
});
