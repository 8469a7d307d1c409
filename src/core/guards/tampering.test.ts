import { describe, expect, test } from 'vitest';
import { customResourceDefinition, KINDS } from '../../api/crd.ts';
import type { CustomResourceDefinition } from '../../api/kubernetes.ts';
import { guardsAmong, type Guard } from './guards.ts';
import { judgeDefinitions, judgeGuards, nameOf } from './tampering.ts';

const binding = (name: string, spec: object): Guard => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name },
  spec,
});
const denies = (name: string) => binding(name, { policyName: name, validationActions: ['Deny'] });
const warns = (name: string) => binding(name, { policyName: name, validationActions: ['Warn'] });

function wrong(...[installed, found]: Parameters<typeof judgeGuards>): Record<string, string | undefined> {
  return Object.fromEntries(judgeGuards(installed, found).map((verdict) => [nameOf(verdict), verdict.wrong]));
}
const GONE = 'it is gone, or does not carry the label app.kubernetes.io/part-of=taskgrant any more';
const A = 'ValidatingAdmissionPolicyBinding a';

describe('a guard', () => {
  const now = guardsAmong([denies('a')]);

  test('is as it was installed, or it says what is wrong', () => {
    expect(wrong({ now }, guardsAmong([denies('a')]))).toEqual({ [A]: undefined });
    expect(wrong({ now }, guardsAmong([warns('a')]))).toEqual({
      [A]: 'spec.validationActions[0] is "Warn", and was installed as "Deny"',
    });
    expect(wrong({ now }, guardsAmong([]))).toEqual({ [A]: GONE });
  });

  test('that was not installed is nobody’s business here', () => {
    expect(wrong({ now }, guardsAmong([denies('a'), warns('b')]))).toEqual({ [A]: undefined });
  });

  test('may be as before, or not there yet, while an upgrade is under way, and nothing else', () => {
    const before = guardsAmong([warns('a')]);
    expect(wrong({ now, before }, guardsAmong([warns('a')]))).toEqual({ [A]: undefined });
    expect(wrong({ now, before }, guardsAmong([]))).toEqual({ [A]: GONE });
    expect(wrong({ now, before: guardsAmong([denies('b')]) }, guardsAmong([]))).toEqual({ [A]: undefined });
  });

  test('is told of as it is there, so that an Event finds it', () => {
    const there = { ...warns('a'), metadata: { name: 'a', uid: '1' } };
    expect(judgeGuards({ now }, guardsAmong([there]))[0]?.object).toBe(there);
    expect(judgeGuards({ now }, guardsAmong([]))[0]?.object).toEqual(denies('a'));
  });
});

describe('a CRD', () => {
  const [ours, other] = KINDS.map(
    (kind) => structuredClone(customResourceDefinition(kind)) as CustomResourceDefinition,
  );
  if (!ours || !other) throw new Error('there are two kinds');
  const changed = (change: (crd: CustomResourceDefinition) => void) => {
    const crd = structuredClone(ours);
    change(crd);
    return judgeDefinitions([crd, other])[0]?.wrong;
  };
  /** Its schema, to be changed. */
  const schemaOf = ({ spec }: CustomResourceDefinition) => {
    const schema = spec.versions[0]?.schema?.openAPIV3Schema;
    if (!schema?.properties) throw new Error('a CRD has a schema');
    return schema as { properties: Record<string, Record<string, never>> } & Record<string, never>;
  };

  test('is as this version wants it', () => {
    expect(judgeDefinitions([other, ours]).map((verdict) => verdict.wrong)).toEqual([undefined, undefined]);
  });

  test('may be of a newer version, that says more and explains it otherwise', () => {
    const more = changed((crd) => {
      const schema = schemaOf(crd);
      Object.assign(schema.properties, { later: { type: 'string' } });
      Object.assign(schema.properties['spec'] ?? {}, { description: 'in other words' });
      crd.spec.versions.unshift({ name: 'v1', served: false, storage: false });
      for (const version of crd.spec.versions) version.additionalPrinterColumns = [];
      crd.metadata.labels = {};
      crd.spec.conversion = { strategy: 'None' };
    });
    expect(more).toBeUndefined();
  });

  test.each<[string, (crd: CustomResourceDefinition) => void]>([
    ['without the rules of the whole', (crd) => delete schemaOf(crd)['x-kubernetes-validations']],
    [
      'without a rule of its spec',
      (crd) =>
        delete (schemaOf(crd).properties['spec'] as Record<string, unknown>)['x-kubernetes-validations'],
    ],
    [
      'that serves a version of somebody’s',
      (crd) => crd.spec.versions.push({ name: 'v0', served: true, storage: false }),
    ],
    [
      'that gives something to who says nothing',
      (crd) => Object.assign(schemaOf(crd).properties['spec'] ?? {}, { default: {} }),
    ],
    [
      'that takes whatever is written',
      (crd) => Object.assign(schemaOf(crd), { 'x-kubernetes-preserve-unknown-fields': true }),
    ],
    [
      'that is served no more',
      (crd) => {
        crd.spec.versions.forEach((version) => (version.served = false));
      },
    ],
    [
      'whose status anybody writes who may write the spec',
      (crd) => {
        crd.spec.versions.forEach((version) => delete version.subresources);
      },
    ],
    [
      'of which a scale is more than what a grant says',
      (crd) => {
        const scale = { specReplicasPath: '.spec.workload.maxPods', statusReplicasPath: '.status.pods' };
        crd.spec.versions.forEach((version) => Object.assign(version.subresources ?? {}, { scale }));
      },
    ],
    [
      'that somebody’s webhook converts',
      (crd) => {
        crd.spec.conversion = { strategy: 'Webhook' };
      },
    ],
  ])('%s is wrong', (_what, change) => {
    expect(changed(change)).toMatch(/^spec\.(versions|conversion)/);
  });

  test('whose defaults say more than before is wrong', () => {
    const difference = changed((crd) => {
      const text = JSON.stringify(crd.spec).replaceAll('"default":false', '"default":true');
      crd.spec = JSON.parse(text) as CustomResourceDefinition['spec'];
    });
    expect(difference).toMatch(/default is not as this version wants it$/);
  });

  test('that is gone is wrong, too', () => {
    expect(judgeDefinitions([ours]).map((verdict) => [nameOf(verdict), verdict.wrong])).toEqual([
      ['CustomResourceDefinition taskgrants.taskgrant.dev', undefined],
      ['CustomResourceDefinition taskgrantclasses.taskgrant.dev', 'it is gone'],
    ]);
  });
});
