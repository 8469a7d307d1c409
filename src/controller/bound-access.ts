/**
 * What the cluster's RBAC gives a grant's account beside the grant: found by index, and worked out once for all accounts of a
 * namespace, until RBAC changes.
 */
import canonicalize from 'canonicalize';
import type { ClusterRoleBinding, RoleBinding, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { SERVICE_ACCOUNT_PREFIX } from '../api/group.ts';
import { compare } from '../core/compare.ts';
import { actorsOf, type Actors } from '../core/rules/actors.ts';
import {
  accountKeyOf,
  accountOf,
  boundRules,
  GROUP_KEYS,
  groupKeyOf,
  subjectKeysOf,
  type Binding,
  type BoundRules,
} from '../core/rules/bound.ts';
import { ambientOf, type AccessBesides, type Ambient, type AmbientRights } from '../core/rules/effective.ts';
import { isIssuedFor } from '../core/lifecycle/issued.ts';
import { startTimer } from '../kube/clock.ts';
import type { Change } from '../kube/store.ts';
import { grantKeyOfIssued, keyOfGrant } from './grant-key.ts';
import { URGENT } from './grant-reconciler.ts';
import { isAsIssued, type Readers } from './readers.ts';

type RbacReaders = {
  [
    Name in
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
  /** What is bound to every service account of the cluster, and by namespace what is bound to those there. */
  let everywhere: AmbientRights | undefined;
  const known = new Map<string, Ambient>();
  /** The grants whose accounts are named by bindings of others. */
  const named = new Set<string>();

  const workedOut = (namespace: string): Ambient => {
    const toAll = GROUP_KEYS.flatMap((key) => bindingsTo(key, readers));
    const toThese = bindingsTo(groupKeyOf(namespace), readers);
    const rated = (bindings: readonly Binding[]) =>
      ambientOf(inOrder(once(bindings).map((binding) => rulesBoundBy(binding, readers))));
    everywhere ??= rated(toAll);
    const ambient = toThese.length > 0 ? rated([...toAll, ...toThese]) : everywhere;
    return { ...ambient, actors: actorsIn(namespace, readers) };
  };

  return {
    of(grant) {
      const { namespace } = grant.metadata;
      const ambient = known.get(namespace) ?? workedOut(namespace);
      known.set(namespace, ambient);
      const byHand = boundByHand(grant, readers);
      if (byHand.length > 0) named.add(keyOfGrant(grant));
      const toItsNamespace = bindingsTo(groupKeyOf(namespace), readers)
        .filter(isToItsNamespace)
        .map((binding) => ({
          by: boundRules(binding, []).by,
          since: binding.metadata.creationTimestamp ?? '',
        }));
      return { ambient, byHand, toItsNamespace: inOrder(toItsNamespace) };
    },
    watch({ namespace, grant }) {
      let settling: (() => void) | undefined;
      const settled = () => {
        settling = undefined;
        const [before, keys] = [[...known], [...named]];
        // Whoever asks about one of these is told what is so now; of the others nobody may ask any more.
        everywhere = undefined;
        known.clear();
        named.clear();
        for (const [name, was] of before)
          if (canonicalize(was) !== canonicalize(workedOut(name))) namespace(name, 0);
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

/** Who may act as accounts of the namespace, by bindings there or everywhere. */
function actorsIn(namespace: string, readers: RbacReaders): Actors[] {
  const roles = [
    ...readers.clusterRoles.byIndex('reaching', '').map(({ metadata }) => `ClusterRole ${metadata.name}`),
    ...[
      ...readers.rolesOfOthers.byIndex('reaching', namespace),
      ...readers.roles.byIndex('reaching', namespace),
    ].map(({ metadata }) => `Role ${namespace}/${metadata.name}`),
  ];
  const bindings = roles.flatMap((role): Binding[] => [
    ...readers.clusterRoleBindings.byIndex('role', ` ${role}`),
    ...readers.roleBindingsOfOthers.byIndex('role', `${namespace} ${role}`),
    ...readers.roleBindings.byIndex('role', `${namespace} ${role}`),
  ]);
  return inOrder(bindings.flatMap((binding) => actorsOf(binding, rulesBoundBy(binding, readers)) ?? []));
}

function rulesBoundBy(binding: Binding, readers: RbacReaders): BoundRules {
  const { kind, name } = binding.roleRef;
  const inNamespace = `${binding.metadata.namespace ?? ''}/${name}`;
  const role =
    kind === 'ClusterRole'
      ? readers.clusterRoles.get(name)
      : (readers.rolesOfOthers.get(inNamespace) ?? readers.roles.get(inNamespace));
  // A binding to a role that is not there gives nothing.
  return boundRules(binding, role?.rules ?? []);
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
