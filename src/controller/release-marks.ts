/**
 * By what an object is known as one of the release. Helm 4 leaves behind, at an uninstall, whatever is not marked as its own
 * (helm.sh/helm/v4, pkg/action, verifyOwnershipBeforeDelete): a Secret that the controller has made anew would outlive the product, with the CA's key.
 */
import type { ObjectMeta } from '../api/kubernetes.ts';

/** Those that say what an object is within the release, and of which version: they are not the same for all. */
const ITS_OWN = ['app.kubernetes.io/component', 'app.kubernetes.io/version'];

/** The marks that all objects of a release have, from one of them. */
export function releaseMarks({
  labels = {},
  annotations = {},
}: ObjectMeta): Pick<ObjectMeta, 'labels' | 'annotations'> {
  return {
    labels: those(labels, (key) => key.startsWith('app.kubernetes.io/') && !ITS_OWN.includes(key)),
    annotations: those(annotations, (key) => key.startsWith('meta.helm.sh/')),
  };
}

function those(all: Readonly<Record<string, string>>, are: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => are(key)));
}
