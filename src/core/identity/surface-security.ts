/** The verdicts on security contexts: see surface.ts. The measure is the baseline profile of the Pod Security Standards. */
import { harmless, identity, leads, rulings, type PodSurface } from './verdict.ts';

const USER = [
  'A user or group in the container; which files that opens is up to the volumes, which are judged.',
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
] as const;

export const SECURITY = {
  PodSecurityContext: rulings(
    harmless(...USER),
    harmless(
      'A user or group in the container; which files that opens is up to the volumes, which are judged.',
      'fsGroup',
      'fsGroupChangePolicy',
      'supplementalGroups',
      'supplementalGroupsPolicy',
    ),
    harmless(
      'How the label gets onto volumes (KEP-1710); the label itself is judged.',
      'seLinuxChangePolicy',
    ),
  ),
  SecurityContext: rulings(
    leads(
      'Root of the node, and by that every identity there; the baseline profile forbids it.',
      'privileged',
    ),
    leads('Unmasked shows the kernel’s own files; the baseline profile forbids it.', 'procMount'),
    harmless(...USER),
    harmless(
      'More rights within the container (no_new_privs); the baseline profile allows it.',
      'allowPrivilegeEscalation',
    ),
    harmless('Takes away only.', 'readOnlyRootFilesystem'),
  ),
  Capabilities: rulings(
    leads(
      'Some of them are as good as root of the node; the baseline profile has a list of the others.',
      'add',
    ),
    harmless('Takes away only.', 'drop'),
  ),
  SELinuxOptions: rulings(
    leads('Another domain than a container’s own; the baseline profile has a list.', 'type'),
    leads('Another user or role than a container’s own; the baseline profile forbids it.', 'user', 'role'),
    harmless(
      'Categories, which keep apart what containers of one node write: no file of another pod is in this one’s sight. The baseline profile allows any.',
      'level',
    ),
  ),
  SeccompProfile: rulings(
    leads('Unconfined lets every system call through; the baseline profile forbids it.', 'type'),
    harmless('A profile that somebody put on the node; the baseline profile allows any.', 'localhostProfile'),
  ),
  AppArmorProfile: rulings(
    leads(
      'Unconfined takes away what keeps the container from the node; the baseline profile forbids it.',
      'type',
    ),
    harmless(
      'A profile that somebody loaded on the node; the baseline profile allows any.',
      'localhostProfile',
    ),
  ),
  Sysctl: rulings(
    leads('Unsafe ones are not kept to the pod; the baseline profile has a list of the safe ones.', 'name'),
    harmless('Of a sysctl whose name is judged.', 'value'),
  ),
  WindowsSecurityContextOptions: rulings(
    identity(
      'A group Managed Service Account: an identity in Active Directory (KEP-689).',
      'gmsaCredentialSpec',
      'gmsaCredentialSpecName',
    ),
    leads('A process of the node; the baseline profile forbids it (KEP-1981).', 'hostProcess'),
    harmless(
      'An account in the container; one of the node only with hostProcess, which is judged.',
      'runAsUserName',
    ),
  ),
} satisfies Partial<PodSurface>;
