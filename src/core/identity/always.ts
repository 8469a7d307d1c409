import type { PodDefinition } from './schema.ts';

/**
 * What Go has in these fields whether they were written or not (core/v1, types.go: no `omitempty`), as far as anything here
 * looks at them. `hostPath: {}` is a path without a name, and no empty folder.
 */
export const ALWAYS: Readonly<Partial<Record<PodDefinition, Readonly<Record<string, unknown>>>>> = {
  Pod: { metadata: {} },
  PodSpec: { containers: [] },
  Container: { name: '' },
  EphemeralContainer: { name: '' },
  EnvVar: { name: '' },
  VolumeMount: { name: '', mountPath: '' },
  VolumeDevice: { name: '', devicePath: '' },
  Volume: { name: '' },
  HostPathVolumeSource: { path: '' },
  CSIVolumeSource: { driver: '' },
  AzureFileVolumeSource: { secretName: '', shareName: '' },
  PersistentVolumeClaimVolumeSource: { claimName: '' },
  PersistentVolumeClaimTemplate: { spec: {} },
  ServiceAccountTokenProjection: { path: '' },
  PodCertificateProjection: { signerName: '', keyType: '' },
  ClusterTrustBundleProjection: { path: '' },
  KeyToPath: { key: '', path: '' },
  DownwardAPIVolumeFile: { path: '' },
  SecretKeySelector: { key: '' },
  PodResourceClaim: { name: '' },
  Sysctl: { name: '', value: '' },
  SeccompProfile: { type: '' },
  AppArmorProfile: { type: '' },
};
