import { pauseImage } from './configuration.ts';
import type { Image } from './image.ts';
import { sharedLibraries } from './libraries.ts';

/** The image that every local cluster's tasks can use: a shell, the usual commands, and kubectl. */
export const taskImage = 'localhost/taskgrant-task:1';

/** Debian's busybox-static, or the busybox that a system had already, with its libraries. */
const BUSYBOX = '/bin/busybox';

/** The commands of busybox that the task image has by name. */
const COMMANDS = [
  'sh',
  'cat',
  'date',
  'echo',
  'env',
  'false',
  'grep',
  'head',
  'id',
  'ls',
  'nc',
  'printf',
  'rm',
  'sed',
  'sleep',
  'tail',
  'test',
  'touch',
  'tr',
  'true',
  'wc',
  'wget',
];

export function describePauseImage(pause: string): Image {
  return {
    name: pauseImage,
    files: [{ path: '/pause', from: pause, mode: 0o755 }],
    entrypoint: ['/pause'],
    user: '65535:65535',
  };
}

export async function describeTaskImage(kubectl: string): Promise<Image> {
  return {
    name: taskImage,
    files: [
      { path: '/bin/busybox', from: BUSYBOX, mode: 0o755 },
      ...(await sharedLibraries(BUSYBOX)),
      ...COMMANDS.map((command) => ({ path: `/bin/${command}`, link: 'busybox' })),
      { path: '/bin/kubectl', from: kubectl, mode: 0o755 },
      ...accounts,
    ],
    entrypoint: ['/bin/sh'],
    user: '65532:65532',
    environment: { HOME: '/tmp' },
  };
}

/** Users that programs may look up, and a directory that all may write to. */
export const accounts = [
  { path: '/etc/passwd', content: 'root:x:0:0:root:/:/bin/sh\nnonroot:x:65532:65532:nonroot:/tmp:/bin/sh\n' },
  { path: '/etc/group', content: 'root:x:0:\nnonroot:x:65532:\n' },
  { path: '/tmp', directory: true, mode: 0o1777 },
] as const;
