/** The floor as a template of the chart: the policies of src/core/floor, with Helm's words for what a release chooses. */
import { stringify } from 'yaml';
import { floorPolicies } from '../src/core/floor/floor.ts';
import { policyObjects } from '../src/core/floor/policy.ts';

/** Written twice: as it is, and into the ConfigMap by which the controller knows what was installed. */
const BEGINNING = `{{- /* Generated from src/core/floor by \`npm run generate\`; do not edit. */}}
{{- define "taskgrant.floor" -}}
{{- $namespace := .Release.Namespace }}
{{- $name := include "taskgrant.fullname" . }}
{{- $probe := include "taskgrant.probeNamespace" . }}
{{- $labels := dict "root" . }}
`;
const END = `{{- end }}
{{ include "taskgrant.floor" . }}
`;

/** Where the labels stand that only Helm knows. */
const LABELS = 'labels: LABELS';

export function floorTemplate(): string {
  const policies = floorPolicies({
    namespace: '{{ $namespace }}',
    name: '{{ $name }}',
    probeNamespace: '{{ $probe }}',
  });
  const documents = policies.map((policy) => {
    const [definition, binding] = policyObjects(policy, {
      name: `{{ $name }}-${policy.name}`,
      labels: 'LABELS' as never,
    });
    return `---\n# ${policy.because}\n${yaml(definition)}---\n${yaml(binding)}`;
  });
  return BEGINNING + documents.join('') + END;
}

function yaml(object: object): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }).replace(
    LABELS,
    'labels: {{- include "taskgrant.labels" $labels | nindent 4 }}',
  );
}
