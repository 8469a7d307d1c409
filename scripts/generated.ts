/** Every file that is generated from the code, with its content: the one list that writing and checking share. */
import { stringify } from 'yaml';
import { customResourceDefinition, KINDS } from '../src/api/crd.ts';
import { pluginReference } from './plugin-reference.ts';
import { floorTemplate } from './floor-template.ts';
import { podFieldsReference } from './pod-fields.ts';
import { stolenCredentialsReference } from './rights/page.ts';
import { rightsTemplate } from './rights/template.ts';
import {
  apiReference,
  externalIdentityReference,
  flagsReference,
  floorReference,
  metricsReference,
  reasonsReference,
  risksReference,
} from './reference.ts';

export interface GeneratedFile {
  /** From the root of the repository. */
  path: string;
  content: string;
}

const NOTICE = '# Generated from src/api by `npm run generate`; do not edit.\n';

export async function generatedFiles(): Promise<GeneratedFile[]> {
  return [
    ...crds(),
    { path: 'charts/taskgrant/templates/floor.yaml', content: floorTemplate() },
    { path: 'charts/taskgrant/templates/_rights.tpl', content: rightsTemplate() },
    { path: 'docs/reference/stolen-credentials.md', content: stolenCredentialsReference() },
    { path: 'docs/reference/floor.md', content: floorReference() },
    { path: 'docs/reference/api.md', content: apiReference() },
    { path: 'docs/reasons.md', content: reasonsReference() },
    { path: 'docs/reference/external-identity.md', content: externalIdentityReference() },
    { path: 'docs/reference/metrics.md', content: metricsReference() },
    { path: 'docs/reference/pod-fields.md', content: podFieldsReference() },
    { path: 'docs/reference/risks.md', content: risksReference() },
    { path: 'docs/reference/flags.md', content: await flagsReference() },
    { path: 'docs/reference/kubectl-taskgrant.md', content: await pluginReference() },
  ];
}

function crds(): GeneratedFile[] {
  return KINDS.flatMap((kind) => {
    const content =
      NOTICE + stringify(customResourceDefinition(kind), { lineWidth: 110, aliasDuplicateObjects: false });
    const name = `taskgrant.dev_${kind.plural}.yaml`;
    return [
      { path: `crds/${name}`, content },
      // Helm takes a chart's CRDs from the chart's own folder only.
      { path: `charts/taskgrant/crds/${name}`, content },
    ];
  });
}
