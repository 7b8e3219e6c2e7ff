import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { registrySource } from './base-source.ts';
import { unpackContext } from './context-archive.ts';
import type { ContextManifest } from './context-manifest.ts';
import { isImageReference } from './image-reference.ts';

/** An image that somebody else has built: in a registry, or a file on this host. */
export type ReadyImage =
  { kind: 'docker'; reference: string } | { kind: 'sif' | 'oci-archive' | 'docker-archive'; file: string };

/** What the file is called in a task. */
const stagedName = 'image';

/**
 * Understands `docker://REFERENCE`, `oci-archive:FILE`, `docker-archive:FILE` and a path that ends with `.sif`; undefined
 * for anything else, which is a Dockerfile then. Throws `usage` for a reference that no registry would take.
 */
export function parseReadyImage(text: string): ReadyImage | undefined {
  const [, kind, rest = ''] = /^(docker:\/\/|oci-archive:|docker-archive:)(.*)$/s.exec(text) ?? [];
  switch (kind) {
    case 'docker://':
      if (isImageReference(rest)) return { kind: 'docker', reference: rest };
      throw new CtmgrError('usage', `${quote(text)} names no image of a registry`, {
        hint: 'docker://debian:13, docker://registry.example.org:5000/group/app@sha256:…',
      });
    case 'oci-archive:':
      return { kind: 'oci-archive', file: rest };
    case 'docker-archive:':
      return { kind: 'docker-archive', file: rest };
    default:
      return isImageFile(text) ? { kind: 'sif', file: text } : undefined;
  }
}

/** True for the origin of a ready image that is published as it is. */
export function isImageFile(origin: string | null): boolean {
  return origin !== null && /\.sif$/.test(origin) && !/^(docker:\/\/|(oci|docker)-archive:)/.test(origin);
}

/** How a version's `origin` says what it was. `file` must be absolute. */
export function originOf(image: ReadyImage): string {
  if (image.kind === 'docker') return `docker://${image.reference}`;
  return image.kind === 'sif' ? image.file : `${image.kind}:${image.file}`;
}

/** The definition that makes an image of it, with nothing added; of an image file it only says what it is. */
export function readyDefinition(origin: string, findBase = registrySource): string {
  const image = parseReadyImage(origin);
  if (image?.kind === 'docker') {
    const { bootstrap, from } = findBase(image.reference);
    return `Bootstrap: ${bootstrap}\nFrom: ${from}\n`;
  }
  return `Bootstrap: ${image === undefined || image.kind === 'sif' ? 'localimage' : image.kind}\nFrom: ${stagedName}\n`;
}

/** Puts the stored file where the task expects it; nothing for an image that is pulled. */
export async function stageReadyImage(manifest: ContextManifest, archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [file] = manifest.entries;
  if (file === undefined) return;
  await unpackContext(manifest, archive, folder);
  await rename(join(folder, file.path), join(folder, stagedName));
}
