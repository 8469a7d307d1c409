import { expect, test } from 'vitest';
import { install } from './packages.ts';
import { describeLocal } from './testing.ts';

describeLocal('packages', () => {
  test('are installed whoever else is at it', async () => {
    const all = ['runc', 'iptables', 'busybox-static'].map((name) => install([name]));
    expect(await Promise.allSettled(all)).toEqual(all.map(() => ({ status: 'fulfilled', value: undefined })));
  });
});
