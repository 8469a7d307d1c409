/** SARIF 2.1.0 (OASIS), which code scanning services read. */
import { isAbsolute, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { VIOLATION_CODES, type CodeEntry, type ViolationCode } from '../../core/decision/codes.ts';
import { renderViolation } from '../../core/decision/denial.ts';
import type { Violation } from '../../core/decision/violation.ts';
import { titleOf, type Finding } from '../finding.ts';
import type { Manifest } from '../manifests.ts';
import type { Problem } from '../problem.ts';
import type { Render } from './report.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const CODES = Object.entries(VIOLATION_CODES) as [ViolationCode, CodeEntry][];

export const renderSarif: Render = ({ findings, problems }, { version }) => {
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'kubectl-taskgrant', semanticVersion: version, rules: CODES.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: problems.length === 0,
            toolExecutionNotifications: problems.map(notificationOf),
          },
        ],
        results: findings.flatMap(resultsOf),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};

function ruleOf([id, { means, because, remedy }]: [ViolationCode, CodeEntry]) {
  return {
    id,
    shortDescription: { text: means },
    fullDescription: { text: because },
    help: { text: `${because}\n\n${remedy}` },
    defaultConfiguration: { level: 'error' },
  };
}

function resultsOf({ manifest, violations, warnings }: Finding) {
  return [
    ...violations.map((violation) => resultOf('error', manifest, violation)),
    ...warnings.map((violation) => resultOf('warning', manifest, violation)),
  ];
}

function resultOf(level: 'error' | 'warning', manifest: Manifest, violation: Violation) {
  return {
    ruleId: violation.code,
    ruleIndex: CODES.findIndex(([code]) => code === violation.code),
    level,
    message: { text: `${titleOf(manifest)}: ${renderViolation(violation)}` },
    locations: [locationOf(manifest, violation)],
  };
}

function locationOf(manifest: Manifest, { path }: Violation) {
  const { line, column, endLine, endColumn } = manifest.regionOf(path);
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(manifest.file) },
      region: { startLine: line, startColumn: column, endLine, endColumn },
    },
    logicalLocations: [{ fullyQualifiedName: `${titleOf(manifest)}/${path}`, kind: 'member' }],
  };
}

function notificationOf({ file, line, column, message }: Problem) {
  const region = line === undefined ? {} : { region: { startLine: line, startColumn: column } };
  return {
    level: 'error',
    message: { text: message },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region } }],
  };
}

/** Relative to where the command was run, as code scanning wants it: from the root of the repository. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.split(sep).map(encodeURIComponent).join('/');
}
