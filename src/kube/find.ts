/** One object, asked of the API server by a name that may be anybody's. */
import type { KubernetesObject, Stored } from '../api/kubernetes.ts';
import { isNotFound } from './api-error.ts';
import type { Client, ObjectPlace } from './client.ts';
import type { Resource } from './resources.ts';

/** The object; undefined where there is none, or nothing can have such a name. */
export async function found<T extends KubernetesObject>(
  client: Pick<Client, 'get'>,
  resource: Resource<T>,
  place: ObjectPlace,
): Promise<Stored<T> | undefined> {
  if (!isName(place.name)) return undefined;
  try {
    return await client.get(resource, place);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Names are in paths, and may come from whoever wrote the pod (apimachinery, api/validation/path, IsValidPathSegmentName). */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name);
}
