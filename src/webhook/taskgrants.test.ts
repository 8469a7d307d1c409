import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../api/group.ts';
import type { Stored, UserInfo } from '../api/kubernetes.ts';
import { MOST_FINALIZERS, type TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { specDigestOf } from '../core/decision/decision.ts';
import { approverMustHold } from '../core/envelope/requester.ts';
import {
  aClass,
  aGrant,
  inPhase,
  justCreated,
  NAMESPACE,
  withEnvelope,
  withGrantedTokens,
  withGrantSpec,
  withoutGrantSpec,
  withWorkload,
} from '../core/testing/builders.ts';
import { API_AUDIENCE } from '../core/testing/judging.ts';
import { createGrantMutator } from './mutate-taskgrants.ts';
import { codesOf, JANE, patchOf, review, someFacts } from './testing.ts';
import { createGrantValidator } from './validate-taskgrants.ts';

const grant = aGrant(justCreated);

/** What nothing may go into. */
const UNTOUCHED = Object.defineProperty({}, 'inside', {
  enumerable: true,
  get: () => {
    throw new Error('somebody looked into it');
  },
}) as never;

describe('a new grant', () => {
  const authored = aGrant(justCreated, withoutGrantSpec('className', 'requestedBy'), (object) => ({
    ...object,
    metadata: { ...object.metadata, finalizers: [] },
  }));
  const mutator = createGrantMutator(someFacts({ defaultClass: aClass({}, 'narrow') }));

  test('gets its requester, its class and its finalizer', async () => {
    expect(patchOf(await review(mutator, { object: authored }))).toEqual([
      { op: 'add', path: '/metadata/finalizers/-', value: FINALIZER },
      { op: 'add', path: '/spec/className', value: 'narrow' },
      { op: 'add', path: '/spec/requestedBy', value: JANE },
    ]);
  });

  test('gets its requester over whatever was written there', async () => {
    const forged = withGrantSpec({
      requestedBy: { username: 'admin', uid: '1', groups: ['system:masters'] },
    })(grant);
    expect(patchOf(await review(mutator, { object: forged }))).toEqual([
      { op: 'add', path: '/spec/requestedBy', value: JANE },
    ]);
  });

  test('that has its stamp already, as when the API server asks again, is left as it is', async () => {
    const stamped = withGrantSpec({ className: 'narrow', requestedBy: JANE })(grant);
    const held = { ...stamped, metadata: { ...stamped.metadata, finalizers: [FINALIZER] } };
    expect(await review(mutator, { object: held })).toEqual({ allowed: true, patch: [] });
  });

  test('with no list of finalizers gets one', async () => {
    const { finalizers, ...metadata } = authored.metadata;
    expect(finalizers).toEqual([]);
    expect(patchOf(await review(mutator, { object: { ...authored, metadata } }))).toContainEqual({
      op: 'add',
      path: '/metadata/finalizers',
      value: [FINALIZER],
    });
  });

  test('costs what is stamped on it, however much is in it that the schema has not seen yet', async () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key-${index}`, []]));
    const object = withGrantSpec({
      requestedBy: { username: 'jane', extra: many },
      workload: UNTOUCHED,
      envelope: UNTOUCHED,
      task: 'x'.repeat(2_900_000) as never,
    })(authored);
    const userInfo = { ...JANE, extra: { scopes: ['all'] } };
    expect(patchOf(await review(mutator, { object, userInfo }))).toEqual([
      { op: 'add', path: '/metadata/finalizers/-', value: FINALIZER },
      { op: 'add', path: '/spec/className', value: 'narrow' },
      { op: 'add', path: '/spec/requestedBy', value: userInfo },
    ]);
  });

  test('keeps the class that it names, and other finalizers', async () => {
    const other = { ...grant, metadata: { ...grant.metadata, finalizers: ['example.com/other'] } };
    expect(patchOf(await review(mutator, { object: other }))).toEqual([
      { op: 'add', path: '/metadata/finalizers/-', value: FINALIZER },
    ]);
  });

  test('is refused where its requester is in more groups than can be recorded, and nothing else names them', async () => {
    const groups = Array.from({ length: 513 }, (_, index) => `group-${index}`);
    expect(await review(mutator, { object: authored, userInfo: { username: 'jane', groups } })).toMatchObject(
      {
        allowed: false,
        violations: [{ code: 'RequesterTooLarge', asked: '513 groups', allowed: '512' }],
      },
    );
  });

  test('records everything that the API server says of the user', async () => {
    const userInfo = { username: 'jane', uid: '7', groups: ['a'], extra: { scopes: ['x'] } };
    expect(patchOf(await review(mutator, { object: authored, userInfo }))).toContainEqual({
      op: 'add',
      path: '/spec/requestedBy',
      value: userInfo,
    });
  });

  test('that says no class in words is left to the schema', async () => {
    const object = { ...authored, spec: { ...authored.spec, className: null } };
    const patch = patchOf(await review(createGrantMutator(someFacts()), { object }));
    expect(patch).toContainEqual({ op: 'add', path: '/spec/requestedBy', value: JANE });
    expect(JSON.stringify(patch)).not.toContain('className');
  });

  test('stays without a class where none is the default, to be refused', async () => {
    const answer = await review(createGrantMutator(someFacts()), { object: authored });
    expect(patchOf(answer).map(({ path }) => path)).not.toContain('/spec/className');
  });

  test.each([
    ['without a spec', {}],
    ['whose spec is nothing', { spec: null }],
    ['whose spec is a text', { spec: 'soon' }],
    ['whose spec is a list', { spec: [] }],
  ])('%s is left to the CRD’s schema to refuse', async (_, spec) => {
    const { apiVersion, kind, metadata } = authored;
    const object = { apiVersion, kind, metadata, ...spec };
    expect(await review(mutator, { object })).toEqual({ allowed: true });
  });

  test('is stamped whatever nonsense its spec has, which the CRD’s schema refuses', async () => {
    const spec = { className: 7, requestedBy: ['admin'], task: 'tidy up' };
    const object = { ...authored, spec };
    expect(patchOf(await review(mutator, { object }))).toContainEqual({
      op: 'add',
      path: '/spec/requestedBy',
      value: JANE,
    });
  });

  test('is changed by admission at its creation only', async () => {
    expect(await review(mutator, { operation: 'UPDATE', object: authored, oldObject: authored })).toEqual({
      allowed: true,
    });
  });
});

describe('a grant is accepted', () => {
  test.each(['granted', 'required'])('where its class allows it, at level %s', async (enforceLevel) => {
    expect(await review(createGrantValidator(someFacts({ enforceLevel })), { object: grant })).toEqual({
      allowed: true,
      warnings: [],
      audit: { grant: 'summarise-4711' },
    });
  });

  test.each([
    [
      undefined,
      [
        'the TaskGrant stays Pending until pods are judged in its namespace:',
        'kubectl label ns agents taskgrant.dev/enforce=granted',
      ],
    ],
    [
      'strict',
      [
        'the TaskGrant stays Pending: strict is no level (granted, required):',
        'kubectl label ns agents taskgrant.dev/enforce=granted --overwrite',
      ],
    ],
  ])('with a warning where its namespace’s level is %s', async (enforceLevel, warnings) => {
    expect(await review(createGrantValidator(someFacts({ enforceLevel })), { object: grant })).toMatchObject({
      allowed: true,
      warnings,
    });
  });
});

describe('that nobody may act as the grantor of its class', () => {
  const message =
    'the controller may not act as the grantor: give it the Role for that, as examples/class.yaml does';
  const itsClass: Stored<TaskGrantClass> = {
    ...aClass(),
    status: {
      conditions: [
        {
          type: 'GrantorUsable',
          status: 'False',
          reason: 'ImpersonationRefused',
          message,
          lastTransitionTime: '',
        },
      ],
    },
  };
  const validator = createGrantValidator(someFacts({ itsClass }));

  test('is said to who creates a grant with rights in the API, and what to do on a line of its own', async () => {
    const object = withEnvelope({
      kubernetes: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      tokens: [{ name: 'api', expirationSeconds: 600 }],
    })(grant);
    expect(await review(validator, { object })).toMatchObject({
      warnings: ['the TaskGrant stays Pending until its class can be used:', message],
    });
  });

  test('is not said where there are none: the grant becomes active', async () => {
    const object = withEnvelope({ kubernetes: [] })(grant);
    expect(await review(validator, { object })).toMatchObject({ allowed: true, warnings: [] });
  });
});

test('a grant whose rules give nothing is accepted, with a warning for each, in the length that warnings have', async () => {
  const idle = withEnvelope({
    kubernetes: [
      {
        apiGroups: [''],
        resources: ['pods', 'nodes', 'deployments', 'configmap'],
        verbs: ['get'],
      },
    ],
  })(grant);
  const answer = await review(createGrantValidator(someFacts()), { object: idle });
  expect(answer).toMatchObject({
    allowed: true,
    warnings: [
      'RuleGivesNothing spec.envelope.kubernetes[0].resources[1]: asked nodes, but it is in no namespace, as a Role is',
      'RuleGivesNothing spec.envelope.kubernetes[0].resources[2]: asked deployments, but it is of the group "apps"',
      'RuleGivesNothing spec.envelope.kubernetes[0].resources[3]: asked configmap, but it is called configmaps',
      'what to do about each: kubectl taskgrant check -f FILE --server says',
    ],
  });
});

test('a grant that reaches into a namespace that is not there is accepted, with a warning of what comes of it', async () => {
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
  const object = withEnvelope({
    tokens: [{ name: 'api', expirationSeconds: 600 }],
    kubernetes: [{ ...rule, namespaces: ['there', 'suport'] }, rule],
  })(grant);
  const validator = createGrantValidator(someFacts({ missingNamespaces: ['suport'] }));
  expect(await review(validator, { object })).toMatchObject({
    allowed: true,
    warnings: ['without namespace suport the TaskGrant is denied, and there is none'],
  });
});

describe('the namespaces that a grant reaches', () => {
  const names = Array.from({ length: 20 }, (_, index) => `team-${index}`);
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], namespaces: names };
  const object = withEnvelope({
    tokens: [{ name: 'api', expirationSeconds: 600 }],
    kubernetes: [rule],
  })(grant);

  test('are looked for, but not all of hundreds', async () => {
    const answer = await review(createGrantValidator(someFacts({ missingNamespaces: names })), { object });
    expect(answer.allowed && answer.warnings).toHaveLength(10);
  });

  test('and that cannot be looked for hold nobody up', async () => {
    const facts = someFacts();
    const labels = (name: string) =>
      names.includes(name) ? Promise.reject(new Error('429')) : facts.namespaces.labels(name);
    const validator = createGrantValidator({ ...facts, namespaces: { ...facts.namespaces, labels } });
    expect(await review(validator, { object })).toMatchObject({ allowed: true, warnings: [] });
  });
});

describe('a grant is refused', () => {
  const refusal = async (object: object, world: Parameters<typeof someFacts>[0] = {}) =>
    review(createGrantValidator(someFacts(world)), { object });

  test('whose requester was not stamped, or changed after it', async () => {
    expect(codesOf(await refusal(withoutGrantSpec('requestedBy')(grant)))).toEqual(['RequesterNotStamped']);
    const forged = withGrantSpec({ requestedBy: { ...JANE, groups: [...JANE.groups, 'system:masters'] } })(
      grant,
    );
    expect(codesOf(await refusal(forged))).toEqual(['RequesterNotStamped']);
  });

  test('that a task creates', async () => {
    const username = 'system:serviceaccount:agents:taskgrant-summarise-bcdfghjk';
    const userInfo = { username, groups: ['system:serviceaccounts'] };
    const object = withGrantSpec({ requestedBy: userInfo })(grant);
    const answer = await review(createGrantValidator(someFacts()), { object, userInfo });
    expect(codesOf(answer)).toEqual(['DelegationNotGranted']);
  });

  test('whose name is too long', async () => {
    const named = (name: string) => ({ ...grant, metadata: { ...grant.metadata, name } });
    expect((await refusal(named('a'.repeat(44)))).allowed).toBe(true);
    expect(await refusal(named('a'.repeat(45)))).toMatchObject({
      violations: [{ code: 'NameTooLong', path: 'metadata.name', asked: '45 characters', allowed: '44' }],
    });
  });

  test('whose class does not exist, or is not named', async () => {
    expect(await refusal(grant, { itsClass: 'none' })).toMatchObject({
      violations: [{ code: 'ClassNotFound', asked: 'default' }],
    });
    expect(await refusal(withoutGrantSpec('className')(grant))).toMatchObject({
      violations: [{ code: 'ClassNotFound', asked: 'the default class' }],
    });
  });

  test('whose class the controller does not accept, as it stands now', async () => {
    const said = (observedGeneration: number) => {
      const condition = {
        type: 'Accepted' as const,
        status: 'False' as const,
        reason: 'GrantorUnknown' as const,
        message: 'spec.grantor: who is that?',
        lastTransitionTime: '2026-11-23T09:00:00Z',
        observedGeneration,
      };
      const { metadata, ...itsClass } = aClass();
      return { ...itsClass, metadata: { ...metadata, generation: 2 }, status: { conditions: [condition] } };
    };
    expect(await refusal(grant, { itsClass: said(2) })).toMatchObject({
      violations: [
        {
          code: 'ClassNotAccepted',
          asked: 'default: spec.grantor: who is that?',
          fix: 'use another class, or tell who keeps class default',
        },
      ],
    });
    expect((await refusal(grant, { itsClass: said(1) })).allowed).toBe(true);
  });

  test('whose class has an expression that does not compile', async () => {
    const itsClass = aClass({ validations: [{ expression: 'nobody' }] });
    expect(await refusal(grant, { itsClass })).toMatchObject({
      violations: [
        {
          code: 'ClassNotAccepted',
          asked:
            'default: spec.validations[0].expression: compiling it says no variable nobody: there are grant, requester, namespaceObject, at line 1, column 1 (asked nobody)',
        },
      ],
    });
  });

  test('of which a validation of its class is not true, and who asks is whom the API server says', async () => {
    const message = 'only jane may have these';
    const wanting = (name: string) =>
      aClass({ validations: [{ expression: `requester.username == '${name}'`, message }] });
    expect((await refusal(grant, { itsClass: wanting('jane') })).allowed).toBe(true);
    expect(await refusal(grant, { itsClass: wanting('joe') })).toMatchObject({
      violations: [
        {
          code: 'ValidationFailed',
          path: 'spec.className',
          asked: 'default, whose spec.validations[0] is not true of summarise-4711',
          allowed: `${message} (requester.username == 'joe')`,
        },
      ],
    });
  });

  test('only after the API server was asked whether class and labels still say so', async () => {
    const expression = "namespaceObject.metadata.labels.team == 'agents'";
    const itsClass = aClass({ validations: [{ expression }] });
    const labels = { levels: { team: 'others' }, currentLabels: { team: 'agents' } };
    expect((await refusal(grant, { itsClass, ...labels })).allowed).toBe(true);
    expect(codesOf(await refusal(grant, { itsClass, levels: { team: 'others' } }))).toEqual([
      'ValidationFailed',
    ]);
    expect((await refusal(grant, { itsClass, currentClass: aClass(), levels: {} })).allowed).toBe(true);
  });

  test('whose conditions do not compile, or do not hold while it is created', async () => {
    const wanting = (expression: string) =>
      withGrantSpec({ conditions: [{ name: 'one', expression }] })(grant);
    expect(await refusal(wanting("request.action == 'grant'"))).toMatchObject({ allowed: true });
    expect(await refusal(wanting('request.acton == 1'))).toMatchObject({
      violations: [{ code: 'ExpressionInvalid', path: 'spec.conditions[0].expression' }],
    });
    expect(await refusal(wanting("requester.username == 'jane' && has(request.token)"))).toMatchObject({
      violations: [{ code: 'ConditionNotMet', path: 'spec.conditions[0]', asked: 'grant' }],
    });
  });

  test('in a namespace that its class does not select', async () => {
    const itsClass = aClass({ namespaceSelector: { matchLabels: { team: 'agents' } } });
    expect((await refusal(grant, { itsClass, levels: { team: 'agents' } })).allowed).toBe(true);
    expect(await refusal(grant, { itsClass, levels: { team: 'others' } })).toMatchObject({
      violations: [{ code: 'NamespaceNotSelected', path: 'metadata.namespace', asked: NAMESPACE }],
    });
  });

  test('not because a cache has not heard of the class or the namespace as they are now', async () => {
    const itsClass = aClass({ namespaceSelector: { matchLabels: { team: 'agents' } } });
    expect((await refusal(grant, { itsClass, currentLabels: { team: 'agents' } })).allowed).toBe(true);
    expect((await refusal(grant, { itsClass, currentClass: aClass() })).allowed).toBe(true);
    expect(codesOf(await refusal(grant, { itsClass, currentClass: 'none' }))).toEqual(['ClassNotFound']);
  });

  test('whose images are not pinned, where its class wants that', async () => {
    expect(await refusal(grant, { itsClass: aClass({ requireImageDigest: true }) })).toMatchObject({
      violations: [{ code: 'ImageNotPinned', path: 'spec.workload.images[0]' }],
    });
  });

  test('for everything that the ceiling of its class does not have', async () => {
    const itsClass = aClass({ ceiling: { secrets: ['ticket-*'] } });
    const wide = withEnvelope({ secrets: ['ticket-db', 'root-db'] })(grant);
    expect(await refusal(wide, { itsClass })).toMatchObject({
      violations: [
        { code: 'BeyondCeiling', path: 'spec.envelope.tokens[0]' },
        { code: 'BeyondCeiling', path: 'spec.envelope.secrets[1]' },
      ],
    });
  });

  test('whose requester may not use the class', async () => {
    const asked: object[] = [];
    const denies = (question: object) => asked.push(question) > 0;
    // Nor is anything else asked about somebody who may not: that would be hundreds of questions for nothing.
    // What the class says is not theirs to know: its validations and limits stay untold.
    const holders = aClass({
      authorization: 'RequesterHolds',
      limits: { maxDuration: '1s' },
      validations: [{ expression: 'false', message: 'secret' }],
    });
    expect(codesOf(await refusal(grant, { denies, itsClass: holders }))).toEqual(['ClassNotAllowed']);
    expect(asked).toEqual([
      {
        namespace: NAMESPACE,
        group: 'taskgrant.dev',
        resource: 'taskgrantclasses',
        verb: 'use',
        name: 'default',
      },
    ]);
  });

  test('whose requester may use the class in the grant’s own namespace only, and that reaches others', async () => {
    const elsewhere = withEnvelope({
      kubernetes: [
        { namespaces: [NAMESPACE, 'support'], apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
      ],
    })(grant);
    const denies = (question: object) =>
      'verb' in question &&
      question.verb === 'use' &&
      'namespace' in question &&
      question.namespace !== NAMESPACE;
    expect(await refusal(elsewhere, { denies })).toMatchObject({
      violations: [{ code: 'ClassNotAllowed', asked: 'default in namespace support' }],
    });
  });

  const rules = withEnvelope({
    kubernetes: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }],
  });
  const isList = (question: object) => 'verb' in question && question.verb === 'list';
  const lacksList = (question: object, username: string) => username === JANE.username && isList(question);

  test('that grants what its requester does not hold', async () => {
    expect(await refusal(rules(grant), { denies: lacksList })).toMatchObject({
      violations: [
        {
          code: 'BeyondRequester',
          path: 'spec.envelope.kubernetes[0]',
          asked: 'list secrets in namespace agents',
        },
      ],
    });
  });

  test('that grants what the grantor of its class does not hold: whatever the class says of requesters', async () => {
    const grantor = 'system:serviceaccount:taskgrant-system:taskgrant-grantor-default';
    const denies = (question: object, username: string) => username === grantor && isList(question);
    for (const authorization of ['Ceiling', 'RequesterHolds'] as const) {
      const itsClass = aClass({ authorization });
      expect(await refusal(rules(grant), { denies, itsClass })).toMatchObject({
        violations: [
          {
            code: 'BeyondCeiling',
            path: 'spec.envelope.kubernetes[0]',
            asked: 'list secrets in namespace agents',
          },
        ],
      });
    }
  });

  test('and with everything that either lacks', async () => {
    const denies = (question: object, username: string) =>
      isList(question) || (username === JANE.username && 'verb' in question && question.verb === 'get');
    expect(codesOf(await refusal(rules(grant), { denies }))).toEqual([
      'BeyondCeiling',
      'BeyondRequester',
      'BeyondRequester',
    ]);
  });

  test('not for that, where the class says Ceiling', async () => {
    const itsClass = aClass({ authorization: 'Ceiling' });
    expect((await refusal(rules(grant), { itsClass, denies: lacksList })).allowed).toBe(true);
  });

  test('that says what no other identity system goes by', async () => {
    const external = (key: string) => withEnvelope({ externalIdentity: { [key]: 'x' } })(grant);
    expect(await refusal(external('example.com/role'))).toMatchObject({
      violations: [
        { code: 'ExternalIdentityUnknown', path: 'spec.envelope.externalIdentity[example.com/role]' },
      ],
    });
    expect((await refusal(external('iam.amazonaws.com/role'))).allowed).toBe(true);
  });

  test('whose rules are too many to ask about', async () => {
    const names = Array.from({ length: 64 }, (_, index) => `n${index}`);
    const broad = withEnvelope({
      kubernetes: [
        {
          apiGroups: [''],
          resources: ['a', 'b', 'c'],
          resourceNames: names,
          verbs: ['get', 'list', 'watch'],
        },
      ],
    });
    expect(codesOf(await refusal(broad(grant)))).toEqual(['EnvelopeTooBroad']);
  });

  test('where the namespace has as many as its class allows', async () => {
    const itsClass = aClass({ limits: { maxActivePerNamespace: 2 } });
    expect((await refusal(grant, { itsClass, unfinished: 1 })).allowed).toBe(true);
    expect(codesOf(await refusal(grant, { itsClass, unfinished: 2 }))).toEqual(['TooManyGrants']);
  });

  test('with everything that is wrong at once', async () => {
    const wrong = aGrant(
      justCreated,
      withGrantSpec({ parentRef: { name: 'plan' }, duration: '2h' }),
      withWorkload({ images: ['Not An Image'] }),
      withGrantedTokens(
        { name: 'a', expirationSeconds: 600 },
        { name: 'b', audience: API_AUDIENCE, expirationSeconds: 600 },
      ),
    );
    const itsClass = aClass({ limits: { maxDuration: '1h' } });
    expect(codesOf(await refusal(wrong, { itsClass }))).toEqual([
      'NotSupportedYet',
      'ImagePatternInvalid',
      'AudienceTwice',
      'LimitExceeded',
    ]);
  });
});

describe('a change of a grant', () => {
  const change = (object: object, oldObject: object = grant) =>
    review(createGrantValidator(someFacts({ itsClass: 'none' })), { operation: 'UPDATE', oldObject, object });

  test('that takes something away passes', async () => {
    expect((await change(withGrantSpec({ revoke: true })(grant))).allowed).toBe(true);
  });

  test('that would make it another decision is refused, where the CRD has lost its rules', async () => {
    const wider = withEnvelope({ secrets: ['billing'] })(grant);
    expect(codesOf(await change(wider))).toEqual(['GrantImmutable']);
  });

  test('that takes its finalizer off is refused until it has ended: its rights would outlive it', async () => {
    const without = (one: typeof grant) => ({ ...one, metadata: { ...one.metadata, finalizers: [] } });
    const held = { ...grant, metadata: { ...grant.metadata, finalizers: [FINALIZER] } };
    expect(codesOf(await change(without(held), held))).toEqual(['FinalizerHeld']);
    const ended = inPhase('Completed')(held);
    expect((await change(without(ended), ended)).allowed).toBe(true);
  });

  test('that adds finalizers without end is refused, and one that takes some of them off passes', async () => {
    const withFinalizers = (count: number) => ({
      ...grant,
      metadata: {
        ...grant.metadata,
        finalizers: [FINALIZER, ...Array.from({ length: count - 1 }, (_, at) => `example.com/${at}`)],
      },
    });
    expect(codesOf(await change(withFinalizers(MOST_FINALIZERS + 1)))).toEqual(['TooManyFinalizers']);
    expect((await change(withFinalizers(MOST_FINALIZERS))).allowed).toBe(true);
    expect((await change(withFinalizers(18), withFinalizers(19))).allowed).toBe(true);
  });

  test('of what was there already passes, or its finalizer could never be removed', async () => {
    const old = inPhase('Denied')(withGrantSpec({ parentRef: { name: 'plan' } })(grant));
    expect((await change({ ...old, metadata: { ...old.metadata, finalizers: [] } }, old)).allowed).toBe(true);
  });
});

describe('an approval', () => {
  const before = inPhase('AwaitingApproval')(grant);
  const approving = (more: object = {}) =>
    withGrantSpec({ approval: { decision: 'Approved', reason: 'looked at', ...more } })(before);
  const joe = { username: 'joe', uid: '7', groups: ['ops'] };
  const update = { operation: 'UPDATE' as const, oldObject: before, userInfo: joe };
  const mutator = createGrantMutator(someFacts());

  /** As it stands when it is validated. */
  async function stamped(userInfo: UserInfo = joe, more: object = {}): Promise<TaskGrant> {
    const patch = patchOf(await review(mutator, { ...update, userInfo, object: approving(more) }));
    const values = patch.map(
      ({ path, ...operation }) => [path, 'value' in operation && operation.value] as const,
    );
    const { decidedBy, decidedAt, specDigest } = Object.fromEntries(
      values.map(([path, value]) => [path.replace('/spec/approval/', ''), value]),
    ) as Record<string, unknown>;
    return approving({ decidedBy, decidedAt, specDigest });
  }

  const judged = (object: object, world: Parameters<typeof someFacts>[0] = {}, more: object = {}) =>
    review(createGrantValidator(someFacts(world)), { ...update, object, ...more });

  test('is stamped with who, when and on what, in the update that says it', async () => {
    expect((await stamped()).spec.approval).toEqual({
      decision: 'Approved',
      reason: 'looked at',
      decidedBy: joe,
      decidedAt: '2026-11-23T09:00:30.000Z',
      specDigest: specDigestOf(grant),
    });
  });

  test('is stamped over whatever was written there', async () => {
    const forged = approving({
      decidedBy: { username: 'admin', extra: { a: ['b'] } },
      decidedAt: '2020-01-01T00:00:00Z',
      specDigest: 'sha256:0',
    });
    expect(patchOf(await review(mutator, { ...update, object: forged }))).toEqual([
      { op: 'add', path: '/spec/approval/decidedBy', value: joe },
      { op: 'add', path: '/spec/approval/decidedAt', value: '2026-11-23T09:00:30.000Z' },
      { op: 'add', path: '/spec/approval/specDigest', value: specDigestOf(grant) },
    ]);
  });

  test.each([
    ['a text of megabytes', 'a'.repeat(2_900_000)],
    ['a list of as many', Array.from({ length: 1_000_000 }, () => 1)],
    ['null', null],
  ])('that is %s is left to the schema, which refuses it', async (_, approval) => {
    const object = withGrantSpec({ approval: approval as never })(before);
    expect(await review(mutator, { ...update, object })).toEqual({ allowed: true });
  });

  test('costs what is stamped on it, however much is in it and beside it that the schema has not seen yet', async () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key-${index}`, 1]));
    const object = withGrantSpec({ workload: UNTOUCHED, envelope: UNTOUCHED })(
      approving({ ...many, decidedBy: many }),
    );
    const paths = patchOf(await review(mutator, { ...update, object })).map(({ path }) => path);
    expect(paths).toEqual(['decidedBy', 'decidedAt', 'specDigest'].map((field) => `/spec/approval/${field}`));
  });

  test('that was said before is left as it is', async () => {
    const said = await stamped();
    const later = {
      ...update,
      object: withGrantSpec({ revoke: true })(said as typeof grant),
      oldObject: said,
    };
    expect(await review(mutator, later)).toEqual({ allowed: true });
    expect((await judged(later.object, { denies: () => true }, { oldObject: said })).allowed).toBe(true);
  });

  test('by somebody else who may is taken, and the question is about them, the class and each namespace', async () => {
    const asked: object[] = [];
    const denies = (question: object) => {
      asked.push(question);
      return false;
    };
    expect((await judged(await stamped(), { denies })).allowed).toBe(true);
    expect(asked).toEqual(approverMustHold(grant, 'default'));
  });

  test('is refused without the verb, in each namespace where it is missing', async () => {
    expect(await judged(await stamped(), { denies: () => true })).toMatchObject({
      violations: [{ code: 'ApprovalNotAllowed', asked: 'approval of class default in namespace agents' }],
    });
  });

  test('is refused by who asked for the grant, though they may', async () => {
    expect(codesOf(await judged(await stamped(JANE), {}, { userInfo: JANE }))).toEqual([
      'ApproverNotIndependent',
    ]);
  });

  test('is refused where it was not stamped, or changed after it', async () => {
    expect(codesOf(await judged(approving()))).toEqual(['ApprovalNotStamped']);
    const { approval } = (await stamped()).spec;
    expect(codesOf(await judged(approving({ ...approval, specDigest: 'sha256:0' })))).toEqual([
      'ApprovalNotStamped',
    ]);
    expect(codesOf(await judged(approving({ ...approval, decidedBy: { username: 'ann' } })))).toEqual([
      'ApprovalNotStamped',
    ]);
  });

  test('is refused of a grant that is active or over', async () => {
    for (const phase of ['Active', 'Revoking', 'Expired'] as const) {
      const now = inPhase(phase);
      const object = now((await stamped()) as typeof grant);
      expect(codesOf(await judged(object, {}, { oldObject: now(grant) }))).toEqual(['ApprovalTooLate']);
    }
  });

  test('is refused at creation', async () => {
    const object = withGrantSpec({ approval: { decision: 'Approved' } })(grant);
    expect(codesOf(await review(createGrantValidator(someFacts()), { object }))).toEqual([
      'ApprovalAtCreation',
    ]);
  });

  test('by somebody in more groups than can be recorded is refused', async () => {
    const groups = Array.from({ length: 513 }, (_, index) => `group-${index}`);
    const answer = await review(mutator, { ...update, object: approving(), userInfo: { ...joe, groups } });
    expect(answer).toMatchObject({ violations: [{ path: 'spec.approval.decidedBy.groups' }] });
  });

  test('that a new grant will wait for is said to who creates it', async () => {
    const itsClass = aClass({ approval: { requiredAtRisk: 'None', maxWait: '1h' } });
    expect(await review(createGrantValidator(someFacts({ itsClass })), { object: grant })).toMatchObject({
      warnings: [
        'the TaskGrant waits until somebody approves it who may approve class default:',
        'kubectl taskgrant approve summarise-4711 -n agents --reason …',
      ],
    });
  });
});
