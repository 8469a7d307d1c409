/** Rights that hand out, or plant, what others prove themselves with. */
import { PRACTICES, type Danger } from '../danger.ts';

export const credentials: readonly Danger[] = [
  {
    code: 'SecretsReached',
    rights: [{ apiGroup: '', resources: ['secrets'] }],
    level: 'High',
    everywhere: 'Critical',
    means: 'reads Secrets, or plants them',
    because:
      'Every verb does: patch with an empty body and delete as a dry run return the object, deletecollection as a dry run returns all, and a new Secret of type kubernetes.io/service-account-token is filled with a token that does not end.',
    reference: `${PRACTICES}#listing-secrets`,
  },
  {
    code: 'TokensMinted',
    rights: [{ apiGroup: '', resources: ['serviceaccounts/token'] }],
    level: 'High',
    everywhere: 'Critical',
    means: 'gets tokens of service accounts',
    because: 'A TokenRequest is answered with a token of the account that it names, for any audience.',
    reference: `${PRACTICES}#token-request`,
  },
  {
    code: 'TokenAudiencesAllowed',
    rights: [
      {
        apiGroup: '*',
        resources: ['*'],
        verbs: ['request-serviceaccounts-token-audience'],
        writtenOut: true,
      },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'lets a node ask for tokens of an audience that no pod on it has',
    because: 'The verb lifts the restriction of kubelets to the audiences of their pods (KEP-4412).',
    reference:
      'https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction',
  },
  {
    code: 'PodCertificatesRequested',
    rights: [
      { apiGroup: 'certificates.k8s.io', resources: ['podcertificaterequests', 'podcertificaterequests/*'] },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'asks for, or answers for, certificates of pods',
    because:
      'A PodCertificateRequest names the pod and the service account that its certificate will speak for (KEP-4317).',
    reference: 'https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/',
  },
  {
    code: 'CertificatesApproved',
    rights: [
      {
        apiGroup: 'certificates.k8s.io',
        resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
        inCluster: true,
      },
      {
        apiGroup: 'certificates.k8s.io',
        resources: ['signers'],
        verbs: ['approve', 'sign', 'attest'],
        inCluster: true,
      },
    ],
    level: 'High',
    everywhere: 'High',
    means: 'approves or signs certificates, by which somebody becomes whom they name',
    because:
      'Approval, the verb on the signer, and the request are three rights; whoever has the first two needs only somebody who asks.',
    reference: `${PRACTICES}#csrs-and-certificate-issuing`,
  },
  {
    code: 'CertificatesOfAnybody',
    rights: [],
    together: [
      [
        {
          apiGroup: 'certificates.k8s.io',
          resources: ['certificatesigningrequests'],
          verbs: ['create'],
          inCluster: true,
        },
      ],
      [
        {
          apiGroup: 'certificates.k8s.io',
          resources: ['certificatesigningrequests/approval'],
          verbs: ['update', 'patch'],
          inCluster: true,
        },
      ],
      [{ apiGroup: 'certificates.k8s.io', resources: ['signers'], verbs: ['approve'], inCluster: true }],
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means: 'asks for a certificate of anybody, and approves it',
    because: 'A client certificate for the API server is a user name and groups of the asker’s choice.',
    reference: `${PRACTICES}#csrs-and-certificate-issuing`,
  },
  {
    code: 'TrustBundlesWritten',
    rights: [
      {
        apiGroup: 'certificates.k8s.io',
        resources: ['clustertrustbundles'],
        verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
        inCluster: true,
      },
      { apiGroup: 'certificates.k8s.io', resources: ['signers'], verbs: ['attest'], inCluster: true },
    ],
    level: 'High',
    everywhere: 'High',
    means: 'decides whom pods trust',
    because: 'Pods mount ClusterTrustBundles as the authorities that they verify others by (KEP-3257).',
    reference:
      'https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#cluster-trust-bundles',
  },
];
