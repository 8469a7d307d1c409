import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { arch } from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { tarEnd, tarHeader, tarPadding, tarSize } from './tar.ts';
import type { TarEntry } from './tar.ts';

/** A file in an image, owned by root. Directories above it are made, with mode 755. */
export type ImageFile = { readonly path: string; readonly mode?: number } & (
  | { readonly from: string }
  | { readonly content: string | Buffer }
  | { readonly link: string }
  | { readonly directory: true }
);

/** A container image of one layer. */
export interface Image {
  /** With its tag: "localhost/taskgrant:1". */
  readonly name: string;
  readonly files: readonly ImageFile[];
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  /** "uid" or "uid:gid"; default root. */
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

interface Member {
  readonly entry: TarEntry;
  readonly content: () => AsyncIterable<Buffer> | Iterable<Buffer>;
}

const nothing: Member['content'] = () => [];

/** The names of processor architectures in images (OCI image specification, "architecture", from Go's GOARCH). */
const architecture = arch === 'x64' ? 'amd64' : arch;

/**
 * Writes the image as an archive that `docker load`, `kind load image-archive` and `ctr images import` read: a tar of the
 * layer (itself a tar), `config.json` and `manifest.json` (moby/moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem
 * Changeset Format"). The same files make the same archive. No file is held in memory, and none is read twice.
 */
export async function writeImage(image: Image, path: string): Promise<void> {
  // Two scripts may write it at the same time.
  const unfinished = `${path}.${process.pid}`;
  try {
    await pipeline(Readable.from(archive(image)), createWriteStream(unfinished));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function* archive(image: Image): AsyncGenerator<Buffer> {
  const members = layerMembers(image.files);
  const size = members.reduce((sum, { entry }) => sum + tarSize(entry), tarEnd.length);
  const digest = createHash('sha256');
  yield tarHeader({ name: 'layer.tar', type: 'file', mode: 0o644, size });
  for await (const chunk of tar(members)) {
    digest.update(chunk);
    yield chunk;
  }
  yield tarPadding(size);
  yield* tar([
    json('config.json', {
      created: '1970-01-01T00:00:00Z',
      architecture,
      os: 'linux',
      config: {
        Entrypoint: image.entrypoint,
        ...(image.command && { Cmd: image.command }),
        ...(image.user !== undefined && { User: image.user }),
        Env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...image.environment }).map(
          ([name, value]) => `${name}=${value}`,
        ),
        WorkingDir: image.workingDirectory ?? '/',
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest.digest('hex')}`] },
    }),
    json('manifest.json', [{ Config: 'config.json', RepoTags: [image.name], Layers: ['layer.tar'] }]),
  ]);
}

async function* tar(members: readonly Member[]): AsyncGenerator<Buffer> {
  for (const { entry, content } of members) {
    yield tarHeader(entry);
    let written = 0;
    for await (const chunk of content()) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== entry.size) throw new Error(`${entry.name} changed while it was read`);
    yield tarPadding(entry.size);
  }
  yield tarEnd;
}

function json(name: string, value: unknown): Member {
  return file(name, 0o644, Buffer.from(JSON.stringify(value)));
}

function file(name: string, mode: number, content: Buffer): Member {
  return { entry: { name, type: 'file', mode, size: content.length }, content: () => [content] };
}

/** The files and the directories above them, each once, parents first. */
function layerMembers(files: readonly ImageFile[]): readonly Member[] {
  const members = new Map<string, Member>();
  for (const { path } of files) {
    for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
      const name = path.slice(1, at + 1);
      members.set(name, { entry: { name, type: 'directory', mode: 0o755, size: 0 }, content: nothing });
    }
  }
  for (const each of files) {
    const member = memberOf(each);
    members.set(member.entry.name, member);
  }
  return [...members.keys()].sort().flatMap((name) => members.get(name) ?? []);
}

function memberOf(described: ImageFile): Member {
  const name = described.path.replace(/^\//, '');
  if ('directory' in described) {
    const { mode = 0o755 } = described;
    return { entry: { name: `${name}/`, type: 'directory', mode, size: 0 }, content: nothing };
  }
  if ('link' in described) {
    return {
      entry: { name, type: 'symlink', mode: 0o777, size: 0, target: described.link },
      content: nothing,
    };
  }
  if ('content' in described) return file(name, described.mode ?? 0o644, Buffer.from(described.content));
  const { size, mode } = statSync(described.from);
  return {
    entry: { name, type: 'file', mode: described.mode ?? mode & 0o777, size },
    content: () => createReadStream(described.from, { highWaterMark: 1 << 20 }),
  };
}
