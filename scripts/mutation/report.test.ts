import { expect, test } from 'vitest';
import { mutationTable } from './report.ts';

const mutants = (...statuses: ('Killed' | 'Survived' | 'NoCoverage' | 'Timeout' | 'Ignored')[]) => ({
  mutants: statuses.map((status) => ({ status })),
});

test('a folder is summed up, and files of which something was not noticed are named', () => {
  const files = {
    'src/core/envelope/a.ts': mutants('Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored'),
    'src/core/envelope/b.ts': mutants('Killed'),
  };
  expect(mutationTable({ files }).split('\n')).toEqual([
    '| Where | Mutants | Noticed | Survived |',
    '| --- | --- | --- | --- |',
    '| `src/core/envelope` | 5 | 60.0 % | 2 |',
    '| `src/core/envelope/a.ts` | 4 | 50.0 % | 2 |',
    '',
  ]);
});
