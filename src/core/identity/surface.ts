/**
 * The identity surface of a pod: of every field that holds a value, whether it carries identity, can lead to one, or is
 * harmless, and why. It is complete by construction: a field of the schema without a verdict is a type error, and a field
 * that the schema does not have is a fault (shape.ts).
 */
import { CONTAINERS } from './surface-containers.ts';
import { CHOICE_OF_NODE, SCHEDULING } from './surface-scheduling.ts';
import { SECURITY } from './surface-security.ts';
import { VOLUMES } from './surface-volumes.ts';
import { harmless, identity, leads, rulings, type PodSurface } from './verdict.ts';

const TO_WHOM =
  'To whom a name leads is about what the program does with its identity, as its arguments are.';
const OWN_NAME = 'How the pod is called in its own eyes and in DNS.';

const POD = {
  PodSpec: rulings(
    identity(
      'The account whose identity the pod has, and the same by its deprecated name.',
      'serviceAccountName',
      'serviceAccount',
    ),
    identity(
      'Whether the API server mounts a token of the account into the containers.',
      'automountServiceAccountToken',
    ),
    leads('The node’s own network, with what listens on its loopback and trusts its address.', 'hostNetwork'),
    leads('The processes of the node, and by /proc their files and environments.', 'hostPID'),
    leads('The shared memory of the node’s processes.', 'hostIPC'),
    leads('Puts the pod onto a node that its author chose, past the scheduler.', 'nodeName'),
    leads(
      'Containers see each other’s processes, and by /proc each other’s tokens (KEP-495).',
      'shareProcessNamespace',
    ),
    harmless('False only takes away, and true is what a pod has anyway (KEP-127).', 'hostUsers'),
    harmless(CHOICE_OF_NODE, 'nodeSelector', 'schedulerName'),
    harmless('Which pods go first.', 'priority', 'priorityClassName', 'preemptionPolicy'),
    harmless(
      'How a container is kept in, by what the administrator has set up (KEP-585).',
      'runtimeClassName',
    ),
    harmless('What the RuntimeClass says, or the pod is refused (KEP-688).', 'overhead'),
    harmless(
      'When it ends, and when its containers are started again.',
      'activeDeadlineSeconds',
      'terminationGracePeriodSeconds',
      'restartPolicy',
    ),
    harmless(TO_WHOM, 'dnsPolicy'),
    harmless('Addresses of Services as variables.', 'enableServiceLinks'),
    harmless(OWN_NAME, 'hostname', 'hostnameOverride', 'setHostnameAsFQDN', 'subdomain'),
  ),
  PodOS: harmless('Which fields have a meaning.', 'name'),
  PodDNSConfig: harmless(TO_WHOM, 'nameservers', 'searches'),
  PodDNSConfigOption: harmless(TO_WHOM, 'name', 'value'),
  HostAlias: harmless(TO_WHOM, 'hostnames', 'ip'),
  PodReadinessGate: harmless('When the pod is ready (KEP-580).', 'conditionType'),
  PodResourceClaim: rulings(
    identity(
      'A driver decides what comes with a device: files, variables, sockets of the node (KEP-4381).',
      'resourceClaimName',
      'resourceClaimTemplateName',
    ),
    harmless('A name within the pod.', 'name'),
  ),
  ObjectMeta: rulings(
    identity(
      'Others go by them: SPIRE’s k8s attestor by labels, kube2iam and the Vault injector by annotations.',
      'labels',
      'annotations',
    ),
    identity('Half of the name of its account; the API server holds it to that of the request.', 'namespace'),
    leads(
      'SPIRE’s k8s attestor can give an identity by the name of a pod (pod-name).',
      'name',
      'generateName',
    ),
    harmless(
      'The API server writes it, whatever the author says.',
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
    ),
    harmless(
      'The API server writes it when the pod is deleted.',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
    ),
    harmless('Keeps the object from going away, not its containers from being stopped.', 'finalizers'),
    harmless('No component goes by it any more (KEP-1164).', 'selfLink'),
  ),
  OwnerReference: rulings(
    leads(
      'SPIRE’s k8s attestor can give an identity by a pod’s owner (pod-owner, pod-owner-uid).',
      'kind',
      'name',
      'uid',
    ),
    harmless(
      'Tells controllers and the garbage collector whose the pod is.',
      'apiVersion',
      'controller',
      'blockOwnerDeletion',
    ),
  ),
  ManagedFieldsEntry: harmless(
    'Who last wrote which field, for server-side apply (KEP-555).',
    'manager',
    'operation',
    'apiVersion',
    'subresource',
    'time',
    'fieldsType',
    'fieldsV1',
  ),
} satisfies Partial<PodSurface>;

/** By definition and field; definitions in the order in which a reader wants them. */
export const POD_SURFACE: PodSurface = { ...POD, ...CONTAINERS, ...SECURITY, ...VOLUMES, ...SCHEDULING };
