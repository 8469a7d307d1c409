/** `taskgrant crds`: brings the CRDs to this version. Helm installs a chart's CRDs once and never upgrades them. */
import type { CustomResourceDefinition } from '../api/kubernetes.ts';
import { customResourceDefinition, KINDS } from '../api/crd.ts';
import type { Client } from '../kube/client.ts';
import { customResourceDefinitions } from '../kube/resources.ts';

/**
 * Helm's own. Helm 4 applies a chart's CRDs server-side when it installs, also where an earlier release has left some, and
 * gives up where another manager owns a field that differs.
 */
export const CRD_FIELD_MANAGER = 'helm';

/**
 * Applies both CRDs (server-side, taking over fields that Helm or kubectl wrote) and waits until they are served.
 *
 * @param say takes a line for people.
 * @throws ApiError where the API server refuses one; a CRD whose stored objects would become invalid, say.
 */
export async function installCrds(
  client: Client,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const kind of KINDS) {
    const body = customResourceDefinition(kind);
    const applied = await client.patch(
      customResourceDefinitions,
      { name: `${kind.plural}.taskgrant.dev` },
      { type: 'apply', body, force: true },
      { fieldManager: CRD_FIELD_MANAGER, signal },
    );
    say(`${applied.metadata.name}: ${isEstablished(applied) ? 'applied' : 'applied, not served yet'}`);
  }
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
}
