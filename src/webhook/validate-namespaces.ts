import { judgeNamespaceLabel } from '../core/envelope/namespace-label.ts';
import type { Facts } from './facts.ts';
import { namespaceIn, type Reviewer } from './review.ts';

/** Holds the label by which a namespace's pods are judged, while grants have rights there. */
export function createNamespaceValidator({ grants }: Facts): Reviewer {
  return ({ object, oldObject, name = '' }) => {
    const violations = judgeNamespaceLabel(
      namespaceIn(oldObject),
      namespaceIn(object),
      grants.countActivated(name),
    );
    return Promise.resolve(
      violations.length === 0
        ? { allowed: true }
        : { allowed: false, headline: 'the namespace cannot be changed so', violations },
    );
  };
}
