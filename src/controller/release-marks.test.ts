import { expect, test } from 'vitest';
import { releaseMarks } from './release-marks.ts';

test('what Helm knows its own by is taken over, and nothing that is the one object’s', () => {
  const labels = {
    'app.kubernetes.io/managed-by': 'Helm',
    'app.kubernetes.io/instance': 'taskgrant',
    'app.kubernetes.io/component': 'webhook',
    'app.kubernetes.io/version': '0.1.0',
    'helm.sh/chart': 'taskgrant-0.1.0',
  };
  const annotations = {
    'meta.helm.sh/release-name': 'taskgrant',
    'meta.helm.sh/release-namespace': 'taskgrant-system',
    'cert-manager.io/inject-ca-from': 'x',
  };
  expect(releaseMarks({ labels, annotations })).toEqual({
    labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'taskgrant' },
    annotations: {
      'meta.helm.sh/release-name': 'taskgrant',
      'meta.helm.sh/release-namespace': 'taskgrant-system',
    },
  });
});

test('where nothing was installed by Helm there is nothing to take over', () => {
  expect(releaseMarks({})).toEqual({ labels: {}, annotations: {} });
});
