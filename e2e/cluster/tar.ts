/** One member of a tar archive, without its content. */
export interface TarEntry {
  /** Relative, as tar has it. Directories end in "/". */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  /** Of the content in bytes; 0 of all but files. */
  readonly size: number;
  /** What a symlink points to. */
  readonly target?: string;
}

const BLOCK = 512;
const TYPE_FLAGS = { file: '0', symlink: '2', directory: '5' } as const;

/** Two empty blocks end an archive (POSIX.1-1988, ustar). */
export const tarEnd = Buffer.alloc(2 * BLOCK);

/** What has to follow a content of that many bytes to fill its last block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** How many bytes an entry takes in an archive, header and padding included. */
export function tarSize({ size }: TarEntry): number {
  return BLOCK + size + tarPadding(size).length;
}

/**
 * The header of a member, owned by root, changed at the epoch: the same files make the same archive, byte by byte.
 *
 * @throws RangeError when the name or the link's target is longer than ustar can hold, or the file is over 8 GiB.
 */
export function tarHeader({ name, type, mode, size, target = '' }: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK);
  const text = (value: string, offset: number, length: number): void => {
    if (Buffer.byteLength(value) > length) throw new RangeError(`"${value}" is too long for a tar archive`);
    header.write(value, offset, 'utf8');
  };
  const octal = (value: number, offset: number, length: number): void => {
    text(value.toString(8).padStart(length - 1, '0'), offset, length - 1);
  };
  const [prefix, rest] = splitName(name);
  text(rest, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  header.fill(' ', 148, 156);
  text(TYPE_FLAGS[type], 156, 1);
  text(target, 157, 100);
  text('ustar\0' + '00', 257, 8);
  text(prefix, 345, 155);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return header;
}

/** A name of over 100 bytes is kept in two parts, which a "/" joins. */
function splitName(name: string): readonly [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let at = name.indexOf('/'); at !== -1 && at < name.length - 1; at = name.indexOf('/', at + 1)) {
    if (Buffer.byteLength(name.slice(at + 1)) <= 100) return [name.slice(0, at), name.slice(at + 1)];
  }
  throw new RangeError(`"${name}" is too long for a tar archive`);
}
