/** The one of several objects that is taken where none is named. */
import type { ObjectMeta } from '../api/kubernetes.ts';

/** By either of which a StorageClass is the default (kubernetes, pkg/volume/util/storageclass.go, and storage/util IsDefaultAnnotation). */
export const DEFAULT_STORAGE_CLASS: readonly string[] = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/**
 * The newest that one of the annotations marks as the default; of two that are as old, the first by name (kubernetes,
 * pkg/volume/util/storageclass.go). What is in no cluster yet would be newer than all that are.
 */
export function markedAsDefault<T extends { metadata: ObjectMeta }>(
  objects: readonly T[],
  annotations: readonly string[],
): T | undefined {
  const createdAt = ({ metadata }: T) => metadata.creationTimestamp ?? '9';
  const nameOf = ({ metadata }: T) => metadata.name ?? '';
  return objects
    .filter(({ metadata }) => annotations.some((annotation) => metadata.annotations?.[annotation] === 'true'))
    .toSorted((a, b) =>
      createdAt(a) === createdAt(b) ? (nameOf(a) < nameOf(b) ? -1 : 1) : createdAt(a) < createdAt(b) ? 1 : -1,
    )
    .at(0);
}
