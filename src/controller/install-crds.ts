/** `taskgrant crds`: brings the CRDs to this version. Helm installs a chart's CRDs once and never upgrades them. */
import type { CustomResourceDefinition } from '../api/kubernetes.ts';
import { customResourceDefinition, KINDS } from '../api/crd.ts';
import type { Client } from '../kube/client.ts';
import { sleep } from '../kube/clock.ts';
import { customResourceDefinitions } from '../kube/resources.ts';

/**
 * Helm's own. Helm 4 applies a chart's CRDs server-side when it installs, also where an earlier release has left some, and
 * gives up where another manager owns a field that differs.
 */
export const CRD_FIELD_MANAGER = 'helm';

const LOOK_AGAIN_MS = 500;

/**
 * Applies both CRDs (server-side, taking over fields that Helm or kubectl wrote) and waits until they are served: a second or two where
 * they are new.
 *
 * @param say takes a line for people.
 * @throws ApiError where the API server refuses one; a CRD whose stored objects would become invalid, say.
 * @throws the signal's reason, where one is not served in time; that it was waited for, and where to look, was said.
 */
export async function installCrds(
  client: Client,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const kind of KINDS) {
    const name = `${kind.plural}.taskgrant.dev`;
    const body = customResourceDefinition(kind);
    // Applied once more it changes nothing, and tells how things stand: to read it would take another right.
    const apply = () =>
      client.patch(
        customResourceDefinitions,
        { name },
        { type: 'apply', body, force: true },
        { fieldManager: CRD_FIELD_MANAGER, signal },
      );
    let isServed = isEstablished(await apply());
    if (!isServed)
      say(`${name}: waiting until it is served; kubectl describe crd ${name} tells why it is not`);
    while (!isServed) {
      await sleep(LOOK_AGAIN_MS, signal);
      isServed = isEstablished(await apply());
    }
    say(`${name}: applied`);
  }
}

/** Established: the kind is served (apiextensions.k8s.io/v1, CustomResourceDefinitionConditionType). */
export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
}
