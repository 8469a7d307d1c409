import { judgeBinding } from '../core/envelope/judge-binding.ts';
import type { Facts } from './facts.ts';
import { accountWhereRequired } from './pod-facts.ts';
import { bindingIn, type Reviewer } from './review.ts';
import { auditNotes, grantNamed } from './validate-pods.ts';

/** Judges the binding of a pod to its node, by pods/binding as by bindings. */
export function createBindingValidator(facts: Facts): Reviewer {
  return async ({ object, userInfo, namespace = '', name }) => {
    const binding = bindingIn(object);
    const { apiAudiences, externalKeys, schedulers } = facts;
    const grantName = await facts.pods.grantNameOf(namespace, name || (binding.metadata.name ?? ''));
    const grant = await grantNamed(grantName, namespace, facts);
    const required = await accountWhereRequired(grantName, namespace, facts);
    const violations = judgeBinding({
      binding,
      grantName,
      grant: grant && { grant, apiAudiences },
      byScheduler: schedulers.includes(userInfo.username ?? ''),
      required,
      externalKeys,
    });
    const audit = auditNotes(grantName, grant);
    if (violations.length === 0) return { allowed: true, audit };
    return { allowed: false, headline: 'the pod cannot be bound so', violations, audit };
  };
}
