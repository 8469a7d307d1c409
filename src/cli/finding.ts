/** What was found about one object. */
import type { Violation } from '../core/decision/violation.ts';
import type { Manifest } from './manifests.ts';

export interface Finding {
  manifest: Manifest;
  /** By path; none where the object is allowed. */
  violations: Violation[];
  /** What its namespace only warns of, or writes to the audit log, and what is of no use, by path. */
  warnings: Violation[];
}

/** `Job/agents/summarise`, or `ClusterRole/view`; with what a generated name begins with where there is no other. */
export function titleOf({ object }: Manifest): string {
  const { kind, metadata } = object;
  return [kind, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), nameOf(object)].join('/');
}

export function nameOf({ metadata }: Manifest['object']): string {
  return metadata.name ?? `${metadata.generateName ?? ''}*`;
}
