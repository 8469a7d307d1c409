{{- define "taskgrant.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* At most 40 characters, so that everything that is derived from it is a valid name. */}}
{{- define "taskgrant.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := include "taskgrant.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "taskgrant.probeNamespace" -}}
{{- .Values.probeNamespace.name | default (printf "%s-probe" (include "taskgrant.fullname" .)) }}
{{- end }}

{{/* What Services, Deployments and policies select by: (dict "root" $ "component" "webhook"). */}}
{{- define "taskgrant.selectorLabels" -}}
app.kubernetes.io/name: {{ include "taskgrant.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* The labels of every object: (dict "root" $ "component" "webhook"), component being optional. */}}
{{- define "taskgrant.labels" -}}
{{ include "taskgrant.selectorLabels" . }}
app.kubernetes.io/part-of: taskgrant
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "taskgrant.image" -}}
{{- with .Values.image -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end }}

{{/* constrained or plain: constrained impersonation (KEP-5284) is on by default from 1.36. */}}
{{- define "taskgrant.impersonation" -}}
{{- if ne .Values.rbac.impersonation "auto" }}
{{- .Values.rbac.impersonation }}
{{- else if semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version }}
{{- "constrained" }}
{{- else }}
{{- "plain" }}
{{- end }}
{{- end }}

{{/* What every pod of the chart has: (dict "root" $ "serviceAccountName" "…"). Pod Security level "restricted". Volumes stand last, for more to follow. */}}
{{- define "taskgrant.podSpec" -}}
serviceAccountName: {{ .serviceAccountName }}
# Automounted tokens live for a year (the API server extends those); the projected one below lives for an hour.
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: identity
    projected:
      sources:
        - serviceAccountToken: { path: token, expirationSeconds: 3600 }
        - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
        - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
{{- end }}

{{/* What every container of the chart has. Its mounts stand last, for more to follow. */}}
{{- define "taskgrant.container" -}}
image: {{ include "taskgrant.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: identity, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
{{- end }}

{{/* The flags that all programs share. */}}
{{- define "taskgrant.environment" -}}
- { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
{{- end }}

{{- define "taskgrant.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 2
  timeoutSeconds: 2
{{- end }}

{{/* Where the pods of a Deployment go, and before whom: (dict "root" $ "component" "webhook" "values" .Values.webhook). */}}
{{- define "taskgrant.scheduling" -}}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
{{- if .values.affinity }}
  {{- toYaml .values.affinity | nindent 2 }}
{{- else }}
  # Preferred: required, a cluster of one node could not run it.
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "taskgrant.selectorLabels" . | nindent 14 }}
{{- end }}
topologySpreadConstraints:
{{- if .values.topologySpreadConstraints }}
  {{- toYaml .values.topologySpreadConstraints | nindent 2 }}
{{- else }}
  - topologyKey: topology.kubernetes.io/zone
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "taskgrant.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}

{{/* Egress of every pod of the chart: the API server, and DNS, since some clusters give its address as a name. */}}
{{- define "taskgrant.egress" -}}
- ports:
    {{- range .Values.networkPolicy.apiServer.ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  {{- with .Values.networkPolicy.apiServer.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end }}

{{/* Ingress to the metrics of both processes. */}}
{{- define "taskgrant.metricsIngress" -}}
- ports:
    - { port: metrics, protocol: TCP }
  {{- with .Values.networkPolicy.metricsFrom }}
  from: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/*
A hook's annotations: (dict "on" "pre-delete" "weight" "0"). What failed stays to be looked at, until the next try.
*/}}
{{- define "taskgrant.hook" -}}
helm.sh/hook: {{ .on }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* A Job that runs one of the image's programs as a hook: (dict "root" $ "name" … "on" … "seconds" … "args" (list …)). */}}
{{- define "taskgrant.hookJob" }}
{{- $labels := dict "root" .root "component" "hook" }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "taskgrant.labels" $labels | nindent 4 }}
  annotations:
    {{- include "taskgrant.hook" (dict "on" .on "weight" "0") | nindent 4 }}
    # Helm prints what it said.
    helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
spec:
  backoffLimit: 3
  # A little more than it gives itself, so that its own message is what one reads.
  activeDeadlineSeconds: {{ add 15 .seconds }}
  template:
    metadata:
      labels: {{- include "taskgrant.labels" $labels | nindent 8 }}
    spec:
      {{- include "taskgrant.podSpec" (dict "root" .root "serviceAccountName" .name) | nindent 6 }}
      restartPolicy: Never
      {{- with .root.Values.controller.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .root.Values.controller.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ index .args 0 }}
          {{- include "taskgrant.container" .root | nindent 10 }}
          args: {{- toYaml .args | nindent 12 }}
          env: {{- include "taskgrant.environment" .root | nindent 12 }}
          resources:
            requests: { cpu: 50m, memory: 64Mi }
            limits: { memory: 256Mi }
{{- end }}

{{/*
What the service accounts of grants are called: ACCOUNT_PATTERN in src/core/names.ts, which a test compares.
*/}}
{{- define "taskgrant.accountPattern" -}}
^taskgrant-(.+)-[bcdfghjklmnpqrstvwxz2456789]{8}$
{{- end }}

{{/*
How durations are written: DURATION_PATTERN in src/api/schema.ts, which a test compares. CEL's duration() reads others too.
*/}}
{{- define "taskgrant.durationPattern" -}}
^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$
{{- end }}

{{/*
How many finalizers a grant is given: MOST_FINALIZERS in src/api/taskgrant.ts, which a test compares.
*/}}
{{- define "taskgrant.mostFinalizers" -}}
16
{{- end }}
