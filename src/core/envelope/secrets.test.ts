import { expect, test } from 'vitest';
import { aGrant, aPod, withEnvelope, withSecretEnv, withSpec, withVolume } from '../testing/builders.ts';
import { judge } from '../testing/judging.ts';

const grant = aGrant(withEnvelope({ secrets: ['ticket-db', 'pull'] }));

test('Secrets of the envelope may be referenced in any form', () => {
  const pod = aPod(
    withSecretEnv('ticket-db'),
    withVolume({ secret: { secretName: 'ticket-db' } }),
    withSpec({ imagePullSecrets: [{ name: 'pull' }] }),
  );
  expect(judge(pod, grant)).toEqual([]);
});

test('any other Secret is refused where it is referenced', () => {
  expect(judge(aPod(withSecretEnv('ticket-db-admin')), grant)).toEqual([
    {
      code: 'SecretNotGranted',
      path: 'spec.containers[0].env[0].valueFrom.secretKeyRef.name',
      asked: 'ticket-db-admin',
      allowed: 'ticket-db, pull',
      fix: 'add the Secret to spec.envelope.secrets of a new grant, or drop the reference',
    },
  ]);
});

test('an envelope that names no Secret grants none', () => {
  expect(judge(aPod(withSpec({ imagePullSecrets: [{ name: 'pull' }] })))).toMatchObject([
    { code: 'SecretNotGranted', path: 'spec.imagePullSecrets[0].name', allowed: 'nothing' },
  ]);
});
