import { expect, test } from 'vitest';
import { aGrant, withWorkload } from '../testing/builders.ts';
import { judgeConnection, podOfConnection } from './judge-connection.ts';

test.each(['exec', 'attach', 'portforward', 'proxy'])(
  'nobody gets in by %s, unless the grant says so',
  (door) => {
    expect(judgeConnection({ pod: 'summarise', door, grant: aGrant() })).toEqual([
      {
        code: 'ExecNotAllowed',
        path: `pods/${door}`,
        asked: `${door} into pod summarise`,
        allowed: 'none',
        fix: 'set spec.workload.allowExec in a new grant where people must look into the running task',
      },
    ]);
    const grant = aGrant(withWorkload({ allowExec: true }));
    expect(judgeConnection({ pod: 'summarise', door, grant })).toEqual([]);
  },
);

test.each([
  ['summarise', 'summarise'],
  ['summarise:8080', 'summarise'],
  ['summarise:', 'summarise'],
  ['https:summarise:8443', 'summarise'],
  [':summarise:8443', 'summarise'],
  ['http:summarise:', 'summarise'],
  ['', ''],
])('a connection to %j is to the pod %j', (name, pod) => {
  expect(podOfConnection(name)).toBe(pod);
});
