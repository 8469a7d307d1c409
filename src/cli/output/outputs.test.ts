/** What each form makes of the same findings. */
import { describe, expect, test } from 'vitest';
import type { Violation } from '../../core/decision/violation.ts';
import { manifestsIn } from '../manifests.ts';
import { RENDERERS } from './renderers.ts';
import type { Look, Report } from './report.ts';

const text =
  'apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: agents }\nspec:\n  hostNetwork: true\n';
const violation: Violation = {
  code: 'NodeAccess',
  path: 'spec.hostNetwork',
  asked: 'a\nb: 100%',
  allowed: 'nothing',
  fix: 'drop it',
};

function report(file: string, ...violations: Violation[]): Report {
  const [manifest] = manifestsIn([{ file, text }], 'default').manifests;
  if (!manifest) throw new Error('there is a pod in it');
  return { findings: [{ manifest, violations, warnings: [] }], problems: [] };
}

function warning(file: string): Report {
  const { findings } = report(file);
  return { findings: findings.map((finding) => ({ ...finding, warnings: [violation] })), problems: [] };
}

const plain: Look = { colours: false, version: '1.2.3' };

describe('text', () => {
  test('has a line for each object and each violation, and how many there are', () => {
    expect(RENDERERS.text(report('a.yaml', violation), plain).split('\n')).toEqual([
      'a.yaml:1  Pod/agents/p  denied',
      '  a.yaml:5  NodeAccess spec.hostNetwork: asked a\\u{a}b: 100%, a grant allows nothing; drop it',
      '',
      '0 allowed, 1 denied (1 violation).',
      '',
    ]);
  });

  test('has colours only where they are wanted, and nothing of a file’s name that would make some', () => {
    const colourful = report('\u001b[31m.yaml');
    expect(RENDERERS.text(colourful, plain)).not.toContain('\u001b');
    expect(RENDERERS.text(colourful, { ...plain, colours: true })).toContain('\u001b[32mallowed\u001b[0m');
  });

  test('says where there is nothing to judge, and how much could not be read', () => {
    expect(RENDERERS.text({ findings: [], problems: [] }, plain)).toContain('Nothing to judge');
    const problems = [{ file: 'a', message: 'b' }];
    expect(RENDERERS.text({ findings: [], problems }, plain)).toContain('1 problem with the input');
  });
});

test('json is a list of objects with their violations, and nothing else', () => {
  expect(JSON.parse(RENDERERS.json(report('a.yaml', violation), plain))).toEqual([
    {
      file: 'a.yaml',
      kind: 'Pod',
      namespace: 'agents',
      name: 'p',
      allowed: false,
      violations: [violation],
      warnings: [],
    },
  ]);
});

test('what is only warned of is no denial in any form', () => {
  expect(RENDERERS.text(warning('a.yaml'), plain).split('\n')).toEqual([
    'a.yaml:1  Pod/agents/p  allowed',
    expect.stringMatching(/^ {2}a\.yaml:5 {2}warning: NodeAccess spec\.hostNetwork: /) as string,
    '',
    '1 allowed, 0 denied, 1 warning.',
    '',
  ]);
  expect(JSON.parse(RENDERERS.json(warning('a.yaml'), plain))).toMatchObject([
    { allowed: true, violations: [], warnings: [violation] },
  ]);
  expect(RENDERERS.github(warning('a.yaml'), plain)).toMatch(/^::warning file=a\.yaml,line=5,/);
  expect(JSON.parse(RENDERERS.sarif(warning('a.yaml'), plain))).toMatchObject({
    runs: [{ results: [{ ruleId: 'NodeAccess', level: 'warning' }] }],
  });
});

describe('github', () => {
  test('has a command for each violation, in which nothing can end it or begin another', () => {
    expect(RENDERERS.github(report('a,b:c%.yaml', violation), plain)).toBe(
      '::error file=a%2Cb%3Ac%25.yaml,line=5,endLine=5,col=3,title=NodeAccess::Pod/agents/p: NodeAccess spec.hostNetwork: asked a\\u{a}b: 100%25, a grant allows nothing; drop it\n',
    );
  });

  test('has one for each problem, and none where all is allowed', () => {
    const problems = [{ file: 'a.yaml', line: 2, column: 3, message: 'bad\n::error::forged' }];
    expect(RENDERERS.github({ findings: [], problems }, plain)).toBe(
      '::error file=a.yaml,line=2,col=3,title=Cannot be read::bad%0A::error::forged\n',
    );
    expect(RENDERERS.github(report('a.yaml'), plain)).toBe('');
  });
});

describe('sarif', () => {
  const uriIn = (file: string) =>
    /"uri": "([^"]*)"/.exec(RENDERERS.sarif(report(file, violation), plain))?.[1];

  test('names files by URIs: as they were named, or as absolute ones', () => {
    expect(uriIn('some folder/a.yaml')).toBe('some%20folder/a.yaml');
    expect(uriIn('/tmp/a.yaml')).toBe('file:///tmp/a.yaml');
  });

  test('shows the place of the field, from its name to the end of its value', () => {
    expect(JSON.parse(RENDERERS.sarif(report('a.yaml', violation), plain))).toMatchObject({
      runs: [
        {
          results: [
            {
              locations: [
                {
                  physicalLocation: { region: { startLine: 5, startColumn: 3, endLine: 5, endColumn: 20 } },
                  logicalLocations: [{ fullyQualifiedName: 'Pod/agents/p/spec.hostNetwork' }],
                },
              ],
            },
          ],
        },
      ],
    });
  });
});
