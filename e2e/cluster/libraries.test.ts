import { execPath } from 'node:process';
import { expect, test } from 'vitest';
import { librariesIn, sharedLibraries } from './libraries.ts';

test('the libraries that ldd names, and the loader, are taken; what the kernel provides is not', () => {
  const output = `\
\tlinux-vdso.so.1 (0x00007ffd2a5f2000)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f1d2a5e9000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1d2a200000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f1d2a60a000)
`;
  expect(librariesIn(output)).toEqual([
    '/lib/x86_64-linux-gnu/libdl.so.2',
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

test('a static program needs none', () => {
  expect(librariesIn('\tnot a dynamic executable\n')).toEqual([]);
  expect(librariesIn('\tstatically linked\n')).toEqual([]);
});

test.runIf(process.platform === 'linux')('Node’s are found on this machine', async () => {
  const paths = (await sharedLibraries(execPath)).map(({ path }) => path);
  expect(paths).toContainEqual(expect.stringMatching(/^\/.*\/libstdc\+\+\.so\.6$/));
});
