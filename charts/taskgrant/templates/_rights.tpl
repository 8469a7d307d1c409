{{- /* Generated from scripts/rights by `npm run generate`; do not edit. */}}

{{- define "taskgrant.rights.webhook" -}}
{{- $name := include "taskgrant.fullname" . -}}
# What pods and grants are judged by.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants, taskgrantclasses]
  verbs: [get, list, watch]
# The labels of enforcement, and the other pods of a grant.
- apiGroups: ['']
  resources: [namespaces, pods]
  verbs: [get, list, watch]
# Which imagePullSecrets the API server has copied into a pod from the account that it would have had, and by what other
# identity systems know the account of a grant.
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [get, list, watch]
# Which volume, or which class, stands behind a pod’s claim.
- apiGroups: ['']
  resources: [persistentvolumeclaims]
  verbs: [get]
# Which driver, or which path of the node, stands behind a pod’s claim: any volume of its class that nobody has yet may be
# bound to it.
- apiGroups: ['']
  resources: [persistentvolumes]
  verbs: [get, list, watch]
# Which drivers are handed tokens of the pod, and which driver a class leads to.
- apiGroups: [storage.k8s.io]
  resources: [csidrivers, storageclasses]
  verbs: [get, list, watch]
# Of which classes the devices are that a pod claims.
- apiGroups: [resource.k8s.io]
  resources: [resourceclaims, resourceclaimtemplates]
  verbs: [get]
# Whether who asks for a grant may use its class, and holds what the envelope gives.
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}

{{- define "taskgrant.rights.webhook-in-release" -}}
{{- $name := include "taskgrant.fullname" . -}}
# Its own certificate and key, which the controller (or cert-manager) renews; not the CA’s key.
- apiGroups: ['']
  resources: [secrets]
  resourceNames: ['{{ $name }}-webhook-tls']
  verbs: [list, watch]
{{- end }}

{{- define "taskgrant.rights.controller" -}}
{{- $name := include "taskgrant.fullname" . -}}
# What there is to do, and within which limits, as which grantor.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants, taskgrantclasses]
  verbs: [get, list, watch]
# The finalizer of grants.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants]
  verbs: [patch]
# Grants whose time to be read is over.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants]
  verbs: [delete]
# Phase, inventory and receipt.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants/status, taskgrantclasses/status]
  verbs: [update]
# Whether a grant’s namespace is enforced, or going.
- apiGroups: ['']
  resources: [namespaces]
  verbs: [get, list, watch]
# When a task is done, and which pods a grant has.
- apiGroups: ['']
  resources: [pods]
  verbs: [get, list, watch]
# Pods that still run when their grant ends.
- apiGroups: ['']
  resources: [pods]
  verbs: [delete]
# The identity, and whether it is as it was made.
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [get, list, watch]
# The identity, which holds nothing yet.
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [create]
# The end of the identity: every token of it is worthless then.
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [delete]
# Whether what was given is as it was decided; what others have bound to the identity (status.risk).
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch]
# Takes rights away; it never gives any.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [delete]
# What else is bound to the identity, by name or by the groups of all accounts, and who may act as it (status.risk).
- apiGroups: [rbac.authorization.k8s.io]
  resources: [clusterroles, clusterrolebindings]
  verbs: [list, watch]
# What requester and grantor hold, and the proof that a revoked identity holds nothing.
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
# Says what happened.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# Whether they are as they were installed, and which CA the API server believes.
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  resourceNames: ['{{ $name }}']
  verbs: [list, watch]
# Whether the floor is as it was installed. It reads those with the release’s label: by names it would take a watch for
# each of two dozen. It raises an alarm, and mends nothing.
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingadmissionpolicies, validatingadmissionpolicybindings]
  verbs: [list, watch]
# Whether its own two CRDs still hold what this version wants.
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [taskgrants.taskgrant.dev, taskgrantclasses.taskgrant.dev]
  verbs: [list, watch]
{{- end }}

{{- define "taskgrant.rights.controller-certificates" -}}
{{- $name := include "taskgrant.fullname" . -}}
# The CA bundle in the product’s own webhook configurations. It can neither make nor delete one.
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  resourceNames: ['{{ $name }}']
  verbs: [patch]
{{- end }}

{{- define "taskgrant.rights.controller-certificates-in-release" -}}
{{- $name := include "taskgrant.fullname" . -}}
# The CA and the webhook’s certificate (state.yaml). With a resourceName, `create` is allowed by server-side apply only,
# which names its object: so one that somebody has deleted can be made again, and no other.
- apiGroups: ['']
  resources: [secrets]
  resourceNames: ['{{ $name }}-ca', '{{ $name }}-webhook-tls']
  verbs: [list, watch, create, update, patch]
{{- end }}

{{- define "taskgrant.rights.controller-in-release" -}}
{{- $name := include "taskgrant.fullname" . -}}
# What was installed (installed.yaml): with that it compares what guards grants.
- apiGroups: ['']
  resources: [configmaps]
  resourceNames: ['{{ $name }}-installed']
  verbs: [list, watch]
# Who leads.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: ['{{ $name }}-controller']
  verbs: [get, update]
# Makes its Lease again where somebody deleted it.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end }}

{{- define "taskgrant.rights.probe" -}}
{{- $name := include "taskgrant.fullname" . -}}
# The proof of enforcement: a pod that must be refused.
- apiGroups: ['']
  resources: [pods]
  verbs: [create]
{{- end }}

{{- define "taskgrant.rights.controller-as-grantor" -}}
{{- $name := include "taskgrant.fullname" . -}}
# What it may do as a grantor, once it may be one: nothing but this.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: ['impersonate-on:serviceaccount:create']
{{- end }}

{{- define "taskgrant.rights.is-grantor-constrained" -}}
{{- $name := include "taskgrant.fullname" . -}}
# That it may be this grantor, and no one else.
- apiGroups: [authentication.k8s.io]
  resources: [serviceaccounts]
  resourceNames: ['{{ $name }}-grantor-default']
  verbs: ['impersonate:serviceaccount']
{{- end }}

{{- define "taskgrant.rights.is-grantor-plain" -}}
{{- $name := include "taskgrant.fullname" . -}}
# The same, before Kubernetes 1.36.
- apiGroups: ['']
  resources: [serviceaccounts]
  resourceNames: ['{{ $name }}-grantor-default']
  verbs: [impersonate]
{{- end }}

{{- define "taskgrant.rights.grantor" -}}
{{- $name := include "taskgrant.fullname" . -}}
# What every grantor needs besides its ceiling. The API server lets it write no rule, and bind no Role, beyond what it
# holds itself.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [create]
{{- end }}

{{- define "taskgrant.rights.ceiling-default" -}}
{{- $name := include "taskgrant.fullname" . -}}
# What a task is mostly told and asked about: its input.
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get, list, watch]
# What runs, and where it can be reached.
- apiGroups: ['']
  resources: [pods, services]
  verbs: [get, list, watch]
# The same.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
# Why it runs: what made the pods.
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets, daemonsets]
  verbs: [get, list, watch]
# The same.
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list, watch]
{{- end }}

{{- define "taskgrant.rights.crds" -}}
{{- $name := include "taskgrant.fullname" . -}}
# Brings the two CRDs to this version. With a resourceName, `create` is allowed by server-side apply only, which names its
# object: these two, and no other.
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [taskgrants.taskgrant.dev, taskgrantclasses.taskgrant.dev]
  verbs: [create, patch]
{{- end }}

{{- define "taskgrant.rights.drain" -}}
{{- $name := include "taskgrant.fullname" . -}}
# Without its stamp the validating webhook accepts no new grant.
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  resourceNames: ['{{ $name }}']
  verbs: [delete]
# `spec.revoke`, and to see that it was done.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants]
  verbs: [list, watch, patch]
{{- end }}

{{- define "taskgrant.rights.drain-in-probe" -}}
{{- $name := include "taskgrant.fullname" . -}}
# To see that new grants are refused by now: as a dry run, where no grant becomes active.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants]
  verbs: [create]
{{- end }}

{{- define "taskgrant.rights.taskgrant-view" -}}
{{- $name := include "taskgrant.fullname" . -}}
# To look. Classes are the cluster’s: only a ClusterRoleBinding shows them.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants, taskgrantclasses]
  verbs: [get, list, watch]
{{- end }}

{{- define "taskgrant.rights.taskgrant-edit" -}}
{{- $name := include "taskgrant.fullname" . -}}
# To declare grants and to end them. Not their status: that is the controller’s word.
- apiGroups: [taskgrant.dev]
  resources: [taskgrants]
  verbs: [create, update, patch, delete]
{{- end }}

{{- define "taskgrant.rights.use-default" -}}
{{- $name := include "taskgrant.fullname" . -}}
# A grant of this class gives nothing that who asks for it does not hold (authorization: RequesterHolds), and whoever may
# edit a namespace may run pods as any of its accounts anyway. Other classes give more: allow their use one by one.
- apiGroups: [taskgrant.dev]
  resources: [taskgrantclasses]
  resourceNames: [default]
  verbs: [use]
{{- end }}
