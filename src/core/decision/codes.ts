/**
 * Every code with which a request is refused: a closed list, so that tools and people can rely on it. Codes are
 * never renamed and never given another meaning. docs/reasons.md is generated from here.
 */

export interface CodeEntry {
  /** What is the case. */
  means: string;
  /** Why it is refused, with the fact about Kubernetes behind it. */
  because: string;
  /** How to mend it. */
  remedy: string;
  /** Whose word the limit is, as a denial says it: "asked X, <allows> Y". */
  allows: string;
}

export const VIOLATION_CODES = {
  // A pod and its grant
  GrantNotFound: {
    means: 'The pod names a TaskGrant that does not exist in its namespace.',
    because:
      'A pod runs under a grant of its own namespace only, and a grant that is not there cannot be judged by. Admission has waited for it a few seconds, so that both may be applied in one file; not where a controller (a Job’s, say) has created the pod, which tries again by itself.',
    remedy: 'Create the TaskGrant in the pod’s namespace, or correct the label taskgrant.dev/grant.',
    allows: 'the namespace has',
  },
  GrantNotActive: {
    means: 'The TaskGrant is not active: not yet, or not any more.',
    because:
      'Before a grant is active its identity does not exist, and enforcement is not proven; after its end nothing may be issued under it. Creating a pod is where its identity is handed out.',
    remedy:
      'Look at the conditions with kubectl describe taskgrant. A grant that has ended does not come back: create a new one.',
    allows: 'pods run under a grant that is',
  },
  GrantExpired: {
    means: 'The duration of the TaskGrant is over, although it has not been revoked yet.',
    because:
      'A pod that is admitted in the moment between expiry and revocation would start with an identity that is being taken away.',
    remedy: 'Create a new TaskGrant.',
    allows: 'the grant allows pods until',
  },
  PodsUsedUp: {
    means: 'As many pods as the grant allows have been admitted already.',
    because:
      'Pods of one grant share its identity, and every retry is another run under it, so spec.workload.maxPods counts every pod ever admitted.',
    remedy: 'Create a new TaskGrant, with a larger spec.workload.maxPods where the task needs retries.',
    allows: 'the grant allows',
  },
  GrantLabelMissing: {
    means: 'A pod without the label taskgrant.dev/grant uses a service account that belongs to a grant.',
    because:
      'Without its label a pod would hold the identity and be neither judged nor counted nor ended with the grant. Service accounts whose name begins with taskgrant- belong to the product wherever it enforces.',
    remedy: 'Label the pod (or the template) taskgrant.dev/grant: <name>, and leave serviceAccountName out.',
    allows: 'pods without a grant may use',
  },
  GrantLabelImmutable: {
    means: 'The label taskgrant.dev/grant was added to, changed on, or removed from a pod that exists.',
    because:
      'A pod’s identity is decided when it is created. A label that moved later would count it under another grant, or under none.',
    remedy: 'Create a new pod with the label.',
    allows: 'the pod was created with',
  },
  EnforcementProbe: {
    means: 'The probe pod by which the controller proves that admission is in force.',
    because:
      'A webhook configuration takes effect a moment after it was written and can be edited away. No grant becomes active before a request that must be refused was refused.',
    remedy: 'Nothing: this refusal is what has to happen. Give a pod of your own another name.',
    allows: 'this name is kept for',
  },

  // What a pod may hold
  ServiceAccountNotGranted: {
    means: 'The pod runs as a service account that is not its grant’s.',
    because: 'The service account is what every token of the pod speaks for, at the API server and outside.',
    remedy: 'Leave serviceAccountName out: it is filled in.',
    allows: 'the grant allows',
  },
  TokenAutomounted: {
    means: 'automountServiceAccountToken is not false.',
    because:
      'What the API server mounts by default is a token asked for with 3607 seconds, which it extends to a year (KEP-1205), and which is still accepted after its pod has Succeeded.',
    remedy:
      'Leave automountServiceAccountToken out: it is filled in. Tokens of the envelope are projected instead.',
    allows: 'the grant allows',
  },
  TokenAudienceNotGranted: {
    means: 'A projected service account token is for an audience that the envelope does not have.',
    because:
      'Whoever accepts the audience accepts the pod as the service account. An omitted audience is the API server itself.',
    remedy: 'Add the audience to spec.envelope.tokens of a new grant, or drop this volume source.',
    allows: 'the grant allows',
  },
  TokenLivesTooLong: {
    means: 'A projected service account token lives longer than the envelope allows for its audience.',
    because:
      'Whoever verifies a token offline, as an OIDC relying party does, never sees a revocation: its lifetime is all that ends it there. An omitted expirationSeconds is an hour.',
    remedy: 'Ask for a shorter expirationSeconds, or leave the volume out: it is filled in.',
    allows: 'the grant allows at most',
  },
  TokenWouldBeExtended: {
    means: 'A projected service account token asks for exactly 3607 seconds.',
    because:
      'The API server turns exactly this lifetime into a year (KEP-1205, --service-account-extend-token-expiration), because it takes it for the token that it mounts by default.',
    remedy: 'Ask for any other lifetime.',
    allows: 'the grant allows',
  },
  SecretNotGranted: {
    means: 'The pod references a Secret that the envelope does not have.',
    because:
      'The kubelet reads a Secret for the pod with its own rights, so referencing one is reading it, whatever the pod’s service account may do.',
    remedy: 'Add the Secret to spec.envelope.secrets of a new grant, or drop the reference.',
    allows: 'the grant allows',
  },
  CertificateNotGranted: {
    means: 'A pod certificate is of a signer, or carries an annotation, that the envelope does not have.',
    because:
      'The kubelet has a signer certify the pod’s key, and copies the annotations into the request, where nobody verifies them (KEP-4317). A certificate cannot be revoked.',
    remedy:
      'Name the signer and the annotations in spec.envelope.certificates of a new grant, or drop this volume source.',
    allows: 'the grant allows',
  },
  CertificateLivesTooLong: {
    means: 'A pod certificate may live longer than the envelope allows.',
    because:
      'Nothing but its end takes a certificate out of the world. An omitted maxExpirationSeconds is a day.',
    remedy: 'Ask for a shorter maxExpirationSeconds.',
    allows: 'the grant allows at most',
  },
  DriverNotGranted: {
    means: 'A volume is of a CSI driver that the envelope does not have.',
    because:
      'A driver that the pod names itself takes whatever parameters the pod gives it, and a driver whose CSIDriver object has tokenRequests is handed tokens of the pod’s account (KEP-1855), also where a claim leads to it.',
    remedy: 'Add the driver to spec.envelope.csiDrivers of a new grant, or drop the volume.',
    allows: 'the grant allows',
  },
  ClaimNotResolved: {
    means: 'A volume’s or a device’s claim leads to something that cannot be found or told.',
    because:
      'What stands behind a claim decides which driver gets the pod’s tokens, or which path of the node the pod sees. What is not there yet could be anything later.',
    remedy:
      'Create the claim, its class and what it names first; bind it, where its class provisions nothing.',
    allows: 'the grant allows',
  },
  DeviceNotGranted: {
    means: 'The pod asks for a device of a class, or for an extended resource, that the grant does not name.',
    because:
      'The driver or plugin of a device decides what comes with it: files, environment, paths of the node. A DeviceClass can be had as an extended resource, too (KEP-5004).',
    remedy: 'Add the DeviceClass or the extended resource to spec.workload.deviceClasses of a new grant.',
    allows: 'the grant allows',
  },
  ExternalIdentityNotGranted: {
    means:
      'The pod or its service account carries what another identity system goes by, and the envelope does not say so.',
    because:
      'Clouds’ workload identities, injectors of secret stores and the like give a pod an identity of theirs because of an annotation or a label.',
    remedy: 'Drop it, or say it with its value in spec.envelope.externalIdentity of a new grant.',
    allows: 'the grant allows',
  },
  TokenShadowed: {
    means:
      'A mount, or a file of another source, stands where the pod’s programs look for a token of the envelope.',
    because:
      'A program that finds no token of its own there, or another’s, is somebody else: many clients then ask the node’s metadata service.',
    remedy:
      'Mount it elsewhere. In a projected volume, list the token last, or name the items of the other source.',
    allows: 'the grant puts',
  },
  ProcessesShared: {
    means: 'Containers of different images share one process namespace.',
    because:
      'Each sees the others’ files and memory by /proc, with whatever its program is: a helper’s image reads what was mounted for the task’s alone.',
    remedy: 'Drop shareProcessNamespace, or use one image.',
    allows: 'the grant allows',
  },
  GrantRequired: {
    means: 'A pod without a grant asks for identity in a namespace whose level is required.',
    because:
      'With taskgrant.dev/enforce: required a pod carries a grant or no identity at all: no token, no account but default, no Secret, no certificate, no inline driver nor one that is handed tokens, no other system’s identity, nothing of its node.',
    remedy:
      'Label the pod taskgrant.dev/grant: <name>, or drop what it asks for; automountServiceAccountToken: false drops the token.',
    allows: 'the namespace allows pods without a grant',
  },
  ImageNotGranted: {
    means: 'A container or an image volume uses an image that the grant does not name.',
    because: 'Another image is another program under the same identity, and containers of one pod share it.',
    remedy: 'Use an image that spec.workload.images matches, or name it in a new grant.',
    allows: 'the grant allows',
  },
  ImageChanged: {
    means: 'The image of a container was changed while its pod runs under a grant.',
    because:
      'A container’s image can be changed in place, and the new program would go on with the old one’s identity.',
    remedy: 'Create a new pod.',
    allows: 'the pod was admitted with',
  },
  ExecNotAllowed: {
    means:
      'Somebody wants into a pod under a grant that does not allow it: by exec, attach, port-forward, proxy, or an ephemeral container.',
    because:
      'Who gets into a pod’s containers, or speaks to them as from within, gets its tokens or has them used.',
    remedy: 'Set spec.workload.allowExec in a new grant where people must look into the running task.',
    allows: 'the grant allows',
  },
  NodeAccess: {
    means:
      'The pod asks for something of its node: host namespaces, paths or ports, privileges, volumes that are mounted with other credentials than the pod’s, or the choice of the node.',
    because:
      'Who reaches the node reaches the kubelet’s credentials and every other pod’s tokens on it. Most of it is outside the baseline profile of the Pod Security Standards, too.',
    remedy:
      'Drop the field: no envelope can hold access to a node. kubectl debug asks for SYS_PTRACE unless it is told --profile=baseline.',
    allows: 'a grant allows',
  },
  PodNotSupported: {
    means: 'The pod has a field that this version does not know, or a value where none of its type can be.',
    because:
      'Every field of a pod that is known is said to carry identity or not (docs/reference/pod-fields.md). A newer Kubernetes may have more: what cannot be judged is refused.',
    remedy: 'Do without it, or upgrade TaskGrant.',
    allows: 'this version can judge',
  },

  // A token that is minted for a grant's account
  AccountWithoutGrant: {
    means:
      'A token is asked for, for a service account that is named as those of grants are, and no grant has it.',
    because:
      'Names of the form taskgrant-<grant>-<8 characters> belong to the product. An account of that name that no grant has was made by somebody else, or is left of a grant that has ended: its tokens could be taken for the grant’s.',
    remedy: 'Use a service account of another name, or create a TaskGrant.',
    allows: 'the namespace has',
  },
  TokenNotBoundToPod: {
    means:
      'A token for a grant’s account is asked for without being bound to a pod that runs under the grant.',
    because:
      'A token that is bound to a pod ends with it. One that is bound to nothing goes wherever it is carried, for as long as it lives.',
    remedy:
      'Let the kubelet ask: label a pod taskgrant.dev/grant: <name>, and its tokens are projected into it.',
    allows: 'the grant allows tokens for',
  },
  TokenNotAskedByNode: {
    means: 'Somebody other than the pod’s own node asks for a token of a grant’s account.',
    because:
      'The kubelet asks for the tokens of the pods that it runs, and puts them nowhere else. Whoever else holds the right to create serviceaccounts/token (the built-in roles edit and admin do) could be the task from anywhere.',
    remedy: 'Run what needs the identity as a pod under the grant.',
    allows: 'tokens are minted for',
  },
  CertificateNotForPod: {
    means:
      'A certificate in the name of a grant’s account is asked for, for no pod that runs under the grant.',
    because:
      'The kubelet asks signers for the certificates of the pods that it runs (KEP-4317). A signer believes what the request says of pod and account, and what it signs cannot be revoked.',
    remedy:
      'Let the kubelet ask: label a pod taskgrant.dev/grant: <name>, and give it a podCertificate volume source.',
    allows: 'the grant allows certificates for',
  },
  CertificateNotAskedByNode: {
    means: 'Somebody other than the pod’s own node asks for a certificate in the name of a grant’s account.',
    because:
      'The API server holds nodes to their own pods, and nobody else: whoever may create podcertificaterequests could ask with a key of their own, and be the task wherever its signer is trusted.',
    remedy: 'Run what needs the certificate as a pod under the grant.',
    allows: 'certificates are asked for by',
  },
  TokenForManyAudiences: {
    means: 'A token for a grant’s account is asked for several audiences at once.',
    because: 'Each of the audiences could replay the token to the others.',
    remedy: 'Ask for one token each.',
    allows: 'the grant allows',
  },
  PodFinished: {
    means: 'A token is asked for, for a pod that has finished.',
    because:
      'A pod that has Succeeded or Failed does nothing any more, but a token that is bound to it would work for as long as its object exists.',
    remedy: 'Create a new pod.',
    allows: 'tokens are minted for pods that are',
  },
  NamespaceNotEnforced: {
    means: 'A token is asked for in a namespace whose pods are not judged now.',
    because: 'Without the label taskgrant.dev/enforce nobody judges which pods use a grant’s account.',
    remedy: 'Label the namespace taskgrant.dev/enforce: granted; the kubelet asks again by itself.',
    allows: 'grants are in force at the levels',
  },

  // A namespace
  NamespaceLabelHeld: {
    means:
      'The label taskgrant.dev/enforce was taken off a namespace, or set to something else than a level, while a grant has rights there.',
    because: 'Without the label nobody judges which pods use the grant’s identity.',
    remedy: 'Revoke the grants of the namespace first, or wait for their end.',
    allows: 'while grants are active the namespace keeps',
  },

  // A TaskGrant
  RequesterNotStamped: {
    means: 'spec.requestedBy is not the user who sent the request.',
    because:
      'The mutating webhook writes it from the API server’s own word on who asks. Where it differs, that webhook was not called or something changed the object after it.',
    remedy:
      'Leave spec.requestedBy out. Where it was left out: the MutatingWebhookConfiguration is not in force.',
    allows: 'the API server says',
  },
  DelegationNotGranted: {
    means: 'The identity of a task creates a TaskGrant.',
    because:
      'What a task creates is bounded by a class, and not by the task’s own grant: it could make itself a successor that outlives it, or reaches further. So RBAC alone lets no task do that.',
    remedy:
      'Have the TaskGrant created by a person, or by an account that is no task’s. A task cannot hand on a part of its grant yet.',
    allows: 'a task creates',
  },
  GrantImmutable: {
    means: 'A field of the TaskGrant’s spec was changed that stays as it was created.',
    because:
      'One grant is one decision: who approved it, the class that allowed it and the rights that were written all speak of the spec as it was. The CRD’s own rules say so first; this is said where somebody has taken them away.',
    remedy:
      'Create a new TaskGrant. Of one that exists, revoke, suspend and approval may be set, and duration may shrink.',
    allows: 'the grant keeps',
  },
  FinalizerHeld: {
    means: 'The finalizer taskgrant.dev/revocation was taken off a TaskGrant that has not ended.',
    because:
      'Without it a deletion would take the grant before its rights, its pods would not be stopped, and nobody could read a receipt. The controller takes it off when nothing is left.',
    remedy:
      'Set spec.revoke, or delete the TaskGrant, and wait. Where the controller is gone for good: the chart’s README says how to clean up by hand.',
    allows: 'the grant keeps',
  },
  TooManyFinalizers: {
    means: 'The TaskGrant has more finalizers than anybody needs.',
    because:
      'The controller keeps them in memory with every grant, and one object may have a hundred thousand: they would be memory that others need.',
    remedy: 'Leave out those that nobody takes off.',
    allows: 'a grant may have',
  },
  RequesterTooLarge: {
    means: 'The user who creates the TaskGrant is in more groups than a grant can record.',
    because:
      'What the requester holds is asked with all groups that the API server knows of them; a record that leaves some out would be about somebody else.',
    remedy: 'Let a user or a service account with fewer groups create the grant.',
    allows: 'a grant records',
  },
  NameTooLong: {
    means: 'The name of the TaskGrant is too long.',
    because:
      'Names are derived from it that must fit into 63 characters, the most that a label’s value may have.',
    remedy: 'Choose a shorter name.',
    allows: 'derived names allow',
  },
  ClassNotFound: {
    means: 'The TaskGrantClass does not exist, or none is named and none is the default.',
    because: 'The class is the ceiling of a grant, and a grant without a ceiling would be without a bound.',
    remedy: 'Name a class that kubectl get taskgrantclasses shows.',
    allows: 'the cluster has',
  },
  ClassNotAccepted: {
    means: 'The TaskGrantClass says something that this version cannot enforce, or that makes no sense.',
    because: 'A ceiling that is only partly enforced is none.',
    remedy: 'Use another class, or have this one corrected.',
    allows: 'grants are given under classes with',
  },
  ClassNotAllowed: {
    means: 'The requester may not use the class.',
    because: 'A class is given to people by the RBAC verb use on the object.',
    remedy:
      'Have a Role or ClusterRole bound with the verb use on taskgrantclasses, with the class as resourceName.',
    allows: 'RBAC allows',
  },
  LimitExceeded: {
    means: 'The grant asks for more than the limits of its class.',
    because: 'spec.limits of a TaskGrantClass holds for every grant of it.',
    remedy: 'Ask for less, or use another class.',
    allows: 'the class allows at most',
  },
  NamespaceNotSelected: {
    means: 'The class does not allow grants in this namespace.',
    because:
      'spec.namespaceSelector of a TaskGrantClass says by their labels in which namespaces its grants may be, whoever may use the class there.',
    remedy: 'Create the TaskGrant in another namespace, use another class, or have the namespace labelled.',
    allows: 'the class selects namespaces with',
  },
  ImageNotPinned: {
    means: 'The class wants images by digest, and a pattern of spec.workload.images has no digest part.',
    because:
      'A tag can be moved to another image at any time; a digest is the image. With spec.requireImageDigest of the class every pattern wants one.',
    remedy:
      'Write the pattern with a digest part: registry/repository@sha256:…, or @sha256:* for any digest.',
    allows: 'the class allows',
  },
  BeyondCeiling: {
    means: 'The grant asks for what the ceiling of its class does not have.',
    because:
      'The ceiling for rights in the API is what the grantor of the class holds: the API server lets it write no Role beyond that, and is asked about each right when the grant is created. spec.ceiling bounds what is not RBAC: tokens, Secrets, certificates, CSI drivers, other systems’ identities, devices; where it is there, what it does not name is not allowed.',
    remedy: 'Ask for less, use another class, or have its ceiling widened by who may do that.',
    allows: 'the ceiling has',
  },
  GrantorUnknown: {
    means: 'The grantor of the TaskGrantClass is not named as grantors of this release are.',
    because:
      'The floor knows grantors by their names, and holds them to writing Roles and bindings of grants and nothing else. Of another account it would not know.',
    remedy:
      'Make a service account of such a name in the namespace of the release, and name it in the class.',
    allows: 'grantors are named',
  },
  SelectorInvalid: {
    means: 'spec.namespaceSelector of the TaskGrantClass is none that the API server would take.',
    because:
      'In and NotIn want values, Exists and DoesNotExist have none, and keys and values are those of labels. What a selector says that breaks these rules would be a guess.',
    remedy: 'Correct the selector.',
    allows: 'a selector has there',
  },
  ValidationFailed: {
    means: 'A validation of the class is not true of the grant, or could not be told.',
    because:
      'spec.validations of a TaskGrantClass are expressions in CEL (docs/cel.md) that every grant of the class satisfies, at its creation, at its activation and whenever the class or the labels of the namespace change. What cannot be evaluated is a no.',
    remedy: 'Ask for what the message says, or use another class.',
    allows: 'the class wants',
  },
  ExpressionInvalid: {
    means: 'An expression of the TaskGrant or TaskGrantClass does not compile.',
    because:
      'Expressions are compiled and type-checked where they are declared. One that fails whenever it is evaluated would refuse everything, later.',
    remedy: 'Correct it at the place that the message names; docs/cel.md says what an expression can use.',
    allows: 'compiling it says',
  },
  ConditionNotMet: {
    means: 'A condition of the grant is not true, or could not be told, when it was decided about something.',
    because:
      'spec.conditions of a TaskGrant are expressions in CEL (docs/cel.md) that are evaluated when the grant is created, when a pod is admitted under it, and for each token and certificate. What cannot be evaluated is a no.',
    remedy:
      "Try again when it holds, or create a TaskGrant with other conditions. Where it could not be told, correct the expression: has(…) or 'key' in … guards what may be missing.",
    allows: 'the grant wants',
  },
  RiskTooHigh: {
    means: 'The envelope’s rules lead further than the class allows.',
    because:
      'spec.limits.maxRisk of a TaskGrantClass bounds what rights are good for, and not only what they say: who may create pods, say, gets the rights of every account in the namespace. docs/reference/risks.md has them all.',
    remedy: 'Leave the rights out that the message names, or use another class.',
    allows: 'the class allows at most',
  },
  ApprovalAtCreation: {
    means: 'spec.approval is set in a new TaskGrant.',
    because: 'Whoever creates a grant asks for it; that it is approved somebody else has to say, afterwards.',
    remedy: 'Leave spec.approval out.',
    allows: 'a new grant has',
  },
  ApprovalTooLate: {
    means: 'A TaskGrant was approved or denied that is active already, or over.',
    because: 'What an approval decides is whether the grant becomes active.',
    remedy: 'To end an active grant, set spec.revoke.',
    allows: 'grants are decided on while they are',
  },
  ApprovalNotStamped: {
    means: 'spec.approval does not say who decided, when, or on what, as the API server has it.',
    because:
      'The mutating webhook writes that, over whatever was there. Where it differs, that webhook was not called or something changed the object after it.',
    remedy:
      'Write nothing but decision and reason. Where nothing else was: the MutatingWebhookConfiguration is not in force.',
    allows: 'the API server says',
  },
  ApproverNotIndependent: {
    means: 'Who approves or denies the TaskGrant asked for it, or is a task itself.',
    because:
      'An approval is the word of a second person. One is the same as another by username or by UID, and no service account of a grant approves anything.',
    remedy: 'Let somebody else decide.',
    allows: 'a grant is decided on by',
  },
  ApprovalNotAllowed: {
    means: 'Who approves or denies the TaskGrant may not do so.',
    because:
      'Approving is given to people by the RBAC verb approve on the class, in each namespace that the grant reaches.',
    remedy:
      'Have a Role or ClusterRole bound with the verb approve on taskgrantclasses, with the class as resourceName.',
    allows: 'RBAC allows',
  },
  TooManyGrants: {
    means: 'The namespace has as many unfinished grants of the class as the class allows.',
    because: 'Every unfinished grant is a service account, Roles and bindings that exist.',
    remedy: 'Wait until one has finished, or revoke one.',
    allows: 'the class allows at most',
  },
  ImagePatternInvalid: {
    means: 'A pattern of spec.workload.images can match no image, or has more than 8 wildcards.',
    because:
      'Patterns are compared with image references in canonical form, part by part. One that is no reference once its wildcards are filled in was meant to be something else. One with more wildcards than an image has parts says nothing that people could check by reading it.',
    remedy:
      'Write registry/repository:tag or registry/repository@sha256:*, with * within a path segment and ** across them, at most 8 times in all.',
    allows: 'a grant allows',
  },
  ExternalIdentityUnknown: {
    means: 'spec.envelope.externalIdentity names a key by which no known system goes.',
    because:
      'A key that is not recognised is not judged on pods either: what is declared and not enforced would look like a bound.',
    remedy: 'Correct the key, or have the system added to externalIdentity in the chart’s values.',
    allows: 'known systems go by',
  },
  RuleMisspelled: {
    means:
      'A rule of spec.envelope.kubernetes has a word that RBAC matches with nothing, or with more than it seems to say.',
    because:
      'RBAC compares whole words, letter by letter, and knows no wildcard but * by itself and * before a subresource. An empty resourceName matches every request that names no object.',
    remedy: 'Write what the message says was probably meant.',
    allows: 'an envelope allows',
  },
  RuleGivesNothing: {
    means: 'A rule of spec.envelope.kubernetes gives nothing: said as a warning, and refused by nobody.',
    because:
      'An envelope’s rules become Roles, and a Role gives rights in its namespace alone, not on kinds that are in none; and in a group of Kubernetes itself it gives nothing on a kind of another group, nor on a name that is none of its resources, which are lower-case plurals: configmaps, not configmap; and with a verb that only looks like one of a request, nothing at all. The API server takes such a rule without a word, and refuses the task later.',
    remedy: 'Leave the word out, or correct it, or the group.',
    allows: 'but',
  },
  DurationUnreadable: {
    means: 'A duration of the grant is not written as TaskGrant reads them.',
    because:
      'The CRD’s own rules refuse it first; this is said where somebody has taken them away. A grant whose duration nobody can read would have no end.',
    remedy: 'Write hours, minutes and seconds in whole numbers, in this order: 1h30m.',
    allows: 'durations are',
  },
  CompletionOutOfReach: {
    means: 'The grant is completed after more pods than it allows.',
    because:
      'spec.workload.maxPods counts every pod ever admitted. The grant ends when they are used up, which is before so many can have succeeded.',
    remedy: 'Raise spec.workload.maxPods, or lower spec.completion.succeeded.',
    allows: 'the grant allows',
  },
  AudienceTwice: {
    means: 'Two tokens of the envelope are for the same audience.',
    because:
      'Which lifetime holds would be undecided. An omitted audience and the API server’s own, written out, are the same.',
    remedy: 'Name each audience once.',
    allows: 'an envelope allows',
  },
  BeyondRequester: {
    means: 'The envelope grants what the requester does not hold.',
    because:
      'A class with RequesterHolds hands nobody more than they have: the API server is asked, by SubjectAccessReview, for every right of the envelope.',
    remedy: 'Ask for less, or let somebody create the grant who holds it.',
    allows: 'the requester holds',
  },
  EnvelopeTooBroad: {
    means: 'The envelope’s rules spell out more combinations than can be checked.',
    because:
      'Every combination of namespace, resource, name and verb is one question to the API server: about the grantor and the requester, when the grant is created, and about its account, when its rights are gone.',
    remedy: 'Narrow the rules, or split the task into several grants.',
    allows: 'a grant allows at most',
  },
  NotSupportedYet: {
    means: 'The TaskGrant declares something that this version cannot enforce.',
    because: 'What is declared and not enforced would look like a bound and be none, so it is refused.',
    remedy: 'Leave the field out.',
    allows: 'this version supports',
  },
} as const satisfies Record<string, CodeEntry>;

export type ViolationCode = keyof typeof VIOLATION_CODES;
