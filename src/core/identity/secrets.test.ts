import { expect, test } from 'vitest';
import type { Volume } from '../../api/kubernetes.ts';
import { aPod, withContainer, withVolume } from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';

const secretRef = { name: 'storage' };

test.each<[string, Omit<Volume, 'name'>]>([
  ['azureFile.secretName', { azureFile: { secretName: 'storage', shareName: 'x' } }],
  ['cephfs.secretRef.name', { cephfs: { monitors: [], secretRef } }],
  ['cinder.secretRef.name', { cinder: { volumeID: 'x', secretRef } }],
  ['csi.nodePublishSecretRef.name', { csi: { driver: 'x', nodePublishSecretRef: secretRef } }],
  ['flexVolume.secretRef.name', { flexVolume: { driver: 'x', secretRef } }],
  ['iscsi.secretRef.name', { iscsi: { iqn: 'x', lun: 0, targetPortal: 'x', secretRef } }],
  ['rbd.secretRef.name', { rbd: { image: 'x', monitors: [], secretRef } }],
  ['scaleIO.secretRef.name', { scaleIO: { gateway: 'x', system: 'x', secretRef } }],
  ['storageos.secretRef.name', { storageos: { secretRef } }],
])('a Secret for storage is found in %s', (field, source) => {
  expect(requestsOf(aPod(withVolume(source)), 'Secret')).toEqual([[`spec.volumes[0].${field}`, 'storage']]);
});

test('a reference without a name is one', () => {
  const pod = aPod(
    withContainer({
      env: [{ name: 'X', valueFrom: { secretKeyRef: { key: 'k' } } }],
      envFrom: [{ secretRef: {} }, { secretRef: { name: null as unknown as string } }],
    }),
    withVolume({ projected: { sources: [{ secret: {} }] } }),
    withVolume({ csi: { driver: 'x', nodePublishSecretRef: {} } }),
    withVolume({ azureFile: {} as NonNullable<Volume['azureFile']> }),
  );
  const found = requestsOf(pod, 'Secret');
  expect(found).toHaveLength(6);
  expect(found.every(([, name]) => name === '')).toBe(true);
});
