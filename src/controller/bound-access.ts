/**
 * What the cluster's RBAC gives a grant's account beside the grant: found by index, and worked out once for all accounts of a
 * namespace, until RBAC changes.
 */
import canonicalize from 'canonicalize';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Stored } from '../api/kubernetes.ts';
import { isFinal } from '../api/reasons.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { SERVICE_ACCOUNT_PREFIX } from '../api/group.ts';
import { compare } from '../core/compare.ts';
import { actorsOf, reachOf, type Actors, type Reach } from '../core/rules/actors.ts';
import {
  accountKeyOf,
  accountOf,
  boundRules,
  GROUP_KEYS,
  groupKeyOf,
  MOST_SUBJECTS,
  renderBinding,
  subjectKeysOf,
  type Binding,
  type BoundRules,
} from '../core/rules/bound.ts';
import {
  ambientOf,
  joined,
  type AccessBesides,
  type Ambient,
  type AmbientRights,
} from '../core/rules/effective.ts';
import { isIssuedFor } from '../core/lifecycle/issued.ts';
import { startTimer } from '../kube/clock.ts';
import type { Change } from '../kube/store.ts';
import { grantKeyOfIssued, keyOfGrant } from './grant-key.ts';
import { URGENT } from './grant-reconciler.ts';
import { isAsIssued, type Readers } from './readers.ts';

type RbacReaders = {
  [
    Name in
      | 'grants'
      | 'serviceAccounts'
      | 'roles'
      | 'roleBindings'
      | 'rolesOfOthers'
      | 'roleBindingsOfOthers'
      | 'clusterRoles'
      | 'clusterRoleBindings'
  ]: Pick<Readers[Name], 'get' | 'byIndex' | 'subscribe'>;
};

/**
 * Who is told what has to be rated anew, once things have settled; and at once, with a priority, where somebody has bound what nobody
 * may bind, so that grants may have to end by it.
 */
export interface Rerating {
  /** Something is different for every account of the namespace. */
  namespace: (name: string, priority: number) => void;
  /** Something names the account of this grant, or did: `namespace/name`. */
  grant: (key: string, priority: number) => void;
}

export interface BoundAccess {
  /** What the account of the grant holds besides. */
  of(grant: Stored<TaskGrant>): AccessBesides;
  /** @returns a function that ends it */
  watch(rerating: Rerating): () => void;
}

/** An install writes dozens of roles and bindings in a second: they are looked at together. */
const SETTLES_MS = 1000;

export function createBoundAccess(readers: RbacReaders): BoundAccess {
  const known = new Map<string, Ambient>();
  const rated = remembering(readers);
  /** The grants whose accounts are named by bindings of others. */
  const named = new Set<string>();
  /** The same for all namespaces, until RBAC changes. */
  let everywhere: Everywhere | undefined;

  const workedOut = (namespace: string): Ambient => {
    everywhere ??= lookedUp(readers, rated);
    const { toAll, rights, reaching, actors } = everywhere;
    const toThese = once(bindingsTo(groupKeyOf(namespace), readers)).filter((one) => !toAll.has(one));
    return {
      ...(toThese.length > 0 ? joined(rights, rated(namespace, toThese)) : rights),
      actors: enough(inOrder([...actors, ...actorsIn(namespace, reaching, readers)])),
    };
  };

  return {
    of(grant) {
      const { namespace } = grant.metadata;
      const ambient = known.get(namespace) ?? workedOut(namespace);
      known.set(namespace, ambient);
      const byHand = boundByHand(grant, readers);
      if (byHand.length > 0) named.add(keyOfGrant(grant));
      const toItsNamespace = bindingsTo(groupKeyOf(namespace), readers)
        // Bindings of other namespaces may name the group as well: they give nothing here, and whoever writes them ends nothing.
        .filter((binding) => binding.metadata.namespace === namespace)
        .map((binding) => ({
          by: renderBinding(binding),
          since: binding.metadata.creationTimestamp ?? '',
        }));
      return { ambient, byHand, toItsNamespace: inOrder(toItsNamespace) };
    },
    watch({ namespace, grant }) {
      let settling: (() => void) | undefined;
      const settled = () => {
        settling = undefined;
        const [before, keys] = [[...known], [...named]];
        // Whoever asks about one of these is told what is so now.
        everywhere = undefined;
        known.clear();
        named.clear();
        for (const [name, was] of before) {
          // Nobody asks any more.
          if (!hasGrants(name, readers)) {
            rated.forget(name);
            continue;
          }
          const now = workedOut(name);
          known.set(name, now);
          if (canonicalize(was) !== canonicalize(now)) namespace(name, 0);
        }
        for (const key of keys) grant(key, 0);
      };
      const changed = () => {
        settling ??= startTimer(SETTLES_MS, settled);
      };
      const bindingChanged = (change: Change<RoleBinding> | Change<ClusterRoleBinding>) => {
        const bindings = change.type === 'updated' ? [change.old, change.object] : [change.object];
        for (const key of bindings.flatMap((binding) => grantsNamedBy(binding, readers))) named.add(key);
        if (change.type !== 'deleted') {
          // Of what was bound before they were told then: who writes a binding again and again moves nobody to the front.
          const before = wasBefore(change);
          const known = before ? grantsNamedBy(before, readers) : [];
          for (const key of grantsNamedBy(change.object, readers))
            if (!known.includes(key)) grant(key, URGENT);
          if (isToItsNamespace(change.object) && !(before && isToItsNamespace(before)))
            namespace(change.object.metadata.namespace ?? '', URGENT);
        }
        changed();
      };
      const subscriptions = [
        readers.clusterRoles.subscribe(changed),
        readers.rolesOfOthers.subscribe(changed),
        readers.clusterRoleBindings.subscribe(bindingChanged),
        readers.roleBindingsOfOthers.subscribe(bindingChanged),
        // Those of grants come and go all the time, and give others nothing.
        readers.roles.subscribe(({ object }) => {
          if (grantKeyOfIssued(object).length === 0) changed();
        }),
        readers.roleBindings.subscribe((change) => {
          if (!isAsIssued(change.object)) bindingChanged(change);
        }),
      ];
      return () => {
        for (const end of subscriptions) end();
        settling?.();
      };
    },
  };
}

/** What the binding said before; not where another one has come in its place, which may be to another role. */
function wasBefore(change: Change<RoleBinding> | Change<ClusterRoleBinding>): Binding | undefined {
  if (change.type !== 'updated') return undefined;
  return change.old.metadata.uid === change.object.metadata.uid ? change.old : undefined;
}

/** Of bindings that name the account: those that the grant was not given itself. */
function boundByHand(grant: Stored<TaskGrant>, readers: RbacReaders): BoundRules[] {
  const { serviceAccountName: name, inventory = [] } = grant.status ?? {};
  if (name === undefined) return [];
  const key = accountKeyOf({ namespace: grant.metadata.namespace, name });
  const inItsPlace = readers.roleBindings
    .byIndex('grant', keyOfGrant(grant))
    .filter((binding) => subjectKeysOf(binding).includes(key));
  // What a process that was paused has made since stands in no inventory, and is removed by what it is labelled with (observe.ts).
  const madeSince = new Set<Binding>(
    grant.status?.phase === 'Suspended' ? inItsPlace.filter((binding) => isIssuedFor(grant, binding)) : [],
  );
  const isItsOwn = (binding: Binding) =>
    madeSince.has(binding) ||
    inventory.some(
      ({ kind, namespace, name: its }) =>
        kind === binding.kind && namespace === binding.metadata.namespace && its === binding.metadata.name,
    );
  const others = once<Binding>([...bindingsTo(key, readers), ...inItsPlace]).filter(
    (binding) => !isItsOwn(binding),
  );
  return inOrder(others.map((binding) => rulesBoundBy(binding, readers)));
}

function bindingsTo(key: string, readers: RbacReaders): Binding[] {
  return [
    ...readers.clusterRoleBindings.byIndex('subject', key),
    ...readers.roleBindingsOfOthers.byIndex('subject', key),
    ...readers.roleBindings.byIndex('subject', key),
  ];
}

/**
 * Rates what bindings give; again only where one of them or its role is another than it was when it was asked about the same place. With
 * each change of RBAC all places are asked about, and in most nothing has changed.
 */
function remembering(readers: RbacReaders): Remembering {
  const ratings = new Map<string, { from: readonly unknown[]; rights: AmbientRights }>();
  const rated = (place: string, bindings: readonly Binding[]): AmbientRights => {
    const bound = inOrder(bindings.map((binding) => rulesBoundBy(binding, readers)));
    const from = bound.flatMap(({ by, rules }) => [by, rules]);
    const before = ratings.get(place);
    if (before?.from.length === from.length && from.every((one, index) => one === before.from[index]))
      return before.rights;
    const rights = ambientOf(bound);
    ratings.set(place, { from, rights });
    return rights;
  };
  return Object.assign(rated, { forget: (place: string) => ratings.delete(place) });
}

interface Remembering {
  /** @param place the namespace to whose accounts these are bound; empty for all */
  (place: string, bindings: readonly Binding[]): AmbientRights;
  forget: (place: string) => void;
}

/** What is the same for the accounts of all namespaces. */
interface Everywhere {
  toAll: ReadonlySet<Binding>;
  rights: AmbientRights;
  /** ClusterRoles that let their holder act as accounts: with each, a namespace has bindings of its own. */
  reaching: readonly ReachingRole[];
  /** Who is bound to these in all namespaces. */
  actors: readonly Actors[];
}

interface ReachingRole {
  /** As the index of bindings has it. */
  role: string;
  reach: Reach;
}

function lookedUp(readers: RbacReaders, rated: Remembering): Everywhere {
  const toAll = once(GROUP_KEYS.flatMap((key) => bindingsTo(key, readers)));
  const reaching = reachingAmong(readers.clusterRoles.byIndex('reaching', ''));
  const actors = reaching.flatMap(({ role, reach }) =>
    readers.clusterRoleBindings
      .byIndex('role', ` ${role}`)
      .flatMap((binding) => actorsOf(binding, reach) ?? []),
  );
  return { toAll: new Set(toAll), rights: rated('', toAll), reaching, actors };
}

/** Who may act as accounts of the namespace, by bindings there. */
function actorsIn(namespace: string, ofCluster: readonly ReachingRole[], readers: RbacReaders): Actors[] {
  const roles = [
    ...ofCluster,
    ...reachingAmong(readers.rolesOfOthers.byIndex('reaching', namespace)),
    ...reachingAmong(readers.roles.byIndex('reaching', namespace)),
  ];
  return roles.flatMap(({ role, reach }) =>
    [
      ...readers.roleBindingsOfOthers.byIndex('role', `${namespace} ${role}`),
      ...readers.roleBindings.byIndex('role', `${namespace} ${role}`),
    ].flatMap((binding) => actorsOf(binding, reach) ?? []),
  );
}

function reachingAmong(roles: readonly (Role | ClusterRole)[]): ReachingRole[] {
  return roles.flatMap(({ metadata: { namespace, name }, rules = [] }) => {
    const reach = reachOf(rules);
    const role = namespace === undefined ? `ClusterRole ${name}` : `Role ${namespace}/${name}`;
    return reach ? [{ role, reach }] : [];
  });
}

/** So many bindings are told apart by which accounts they let somebody act as. */
const MOST_BY_NAME = 64;

/**
 * Those who bring in somebody else, until there are as many subjects as are told of and counted. Of those who may act as some accounts only the
 * first are kept as that; the others count as if they may act as any.
 */
function enough(actors: readonly Actors[]): Actors[] {
  const subjects = new Set<string>();
  const byName = new Set(actors.filter(({ names }) => names).slice(0, MOST_BY_NAME));
  return actors.flatMap((one) => {
    if (byName.has(one)) return [one];
    if (subjects.size >= MOST_SUBJECTS || one.subjects.every((subject) => subjects.has(subject))) return [];
    for (const subject of one.subjects) subjects.add(subject);
    return [{ by: one.by, subjects: one.subjects }];
  });
}

function rulesBoundBy(binding: Binding, readers: RbacReaders): BoundRules {
  const { kind, name } = binding.roleRef;
  const inNamespace = `${binding.metadata.namespace ?? ''}/${name}`;
  const role =
    kind === 'ClusterRole'
      ? readers.clusterRoles.get(name)
      : (readers.rolesOfOthers.get(inNamespace) ?? readers.roles.get(inNamespace));
  // A binding to a role that is not there gives nothing.
  return boundRules(binding, role?.rules ?? NOTHING);
}

const NOTHING: readonly [] = [];

function hasGrants(namespace: string, { grants }: RbacReaders): boolean {
  return grants.byIndex('namespace', namespace).some(({ status }) => !isFinal(status?.phase));
}

/** The grants whose accounts a binding names, as far as these are there. */
function grantsNamedBy({ metadata, subjects = [] }: Binding, { serviceAccounts }: RbacReaders): string[] {
  return subjects.flatMap((subject) => {
    const account = accountOf(subject, metadata.namespace);
    if (!account?.name.startsWith(SERVICE_ACCOUNT_PREFIX)) return [];
    const there = serviceAccounts.get(`${account.namespace}/${account.name}`);
    return there ? grantKeyOfIssued(there) : [];
  });
}

/** Whether a binding is to all accounts of the namespace that it is in. */
function isToItsNamespace(binding: Binding): boolean {
  const { namespace } = binding.metadata;
  return namespace !== undefined && subjectKeysOf(binding).includes(groupKeyOf(namespace));
}

/** However a cache has them: what is said of them is written into a status, and anew where it differs. */
function inOrder<T extends { by: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => compare(a.by, b.by));
}

function once<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
