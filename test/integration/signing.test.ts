import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { publish } from '../../lib/builds/publish.ts';
import { imageFile } from '../../lib/builds/tag-folders.ts';
import { changeInstance, findInstance, type Instance } from '../../lib/store/instances.ts';
import { buildImage, importOne, makeTestSite, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;
let instance: Instance;

/** Stands in for apptainer: signing adds a line, verifying looks for it. */
const apptainer = `#!/bin/sh
for file; do :; done
case $1 in
  sign) cat "$3" >>"$file" ;;
  verify) grep -qx "$(cat "$4")" "$file" || { echo 'FATAL:   Failed to verify container: no' >&2; exit 255; } ;;
  sif) ;;
esac
`;

beforeEach(async () => {
  site = await makeTestSite();
  const files = {
    apptainer: join(site.folder, 'apptainer'),
    key: join(site.folder, 'key'),
    public_key: join(site.folder, 'pub'),
  };
  writeFileSync(files.apptainer, apptainer);
  chmodSync(files.apptainer, 0o755);
  for (const path of [files.key, files.public_key]) writeFileSync(path, 'signed\n');
  Object.assign(site.config, {
    signing: { key: files.key, public_key: files.public_key },
    apptainer: { path: files.apptainer },
  });
  await importOne(site, 'app');
  const recorded = await recordAll(site);
  [instance] = recorded.instances as [Instance];
  mkdirSync(join(site.paths.tasks, instance.tag));
});

afterEach(() => site.remove());

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const result = (text: string) => ({ ...buildImage(site, instance, text), sha256: hash(text) });
const content = (): string => readFileSync(imageFile(site.paths, instance), 'utf8');
const left = (): string[] => readdirSync(join(site.paths.tasks, instance.tag));

describe('signing', () => {
  it('comes before publishing, and what is recorded is the signed file', async () => {
    expect(await publish(site, instance, result('image\n'))).toBe('published');
    expect(content()).toBe('image\nsigned\n');
    expect(await findInstance(site.store, instance.id)).toMatchObject({
      status: 'success',
      sha256: hash(content()),
      size: 13,
    });
    expect(left()).toEqual([]);
  });

  it('that a crash cut off after the exchange of the file is known again', async () => {
    const reported = result('image\n');
    writeFileSync(imageFile(site.paths, instance), 'image\nsigned\n');
    await changeInstance(site.store, instance.id, 'pending', { sha256: hash('image\nsigned\n'), size: 13 });
    expect(await publish(site, instance, reported)).toBe('published');
    expect(content()).toBe('image\nsigned\n');
  });

  it('is only for what the build reported', async () => {
    const reported = result('image\n');
    writeFileSync(imageFile(site.paths, instance), 'other\n');
    expect(await publish(site, instance, reported)).toEqual({
      wrong: expect.stringContaining('not the image that the build reported'),
    });
    expect(content()).toBe('other\n');
    rmSync(imageFile(site.paths, instance));
    expect(await publish(site, instance, reported)).toBe('missing');
    expect(left()).toEqual([]);
  });

  it('with keys that do not belong together publishes nothing', async () => {
    writeFileSync(site.config.signing?.public_key ?? '', 'another\n');
    await expect(publish(site, instance, result('image\n'))).rejects.toMatchObject({ code: 'configuration' });
    expect(content()).toBe('image\n');
    expect(await findInstance(site.store, instance.id)).toMatchObject({ status: 'pending', sha256: null });
    rmSync(site.config.signing?.key ?? '');
    await expect(publish(site, instance, result('image\n'))).rejects.toThrow(/cannot use .* to sign/);
    expect(left()).toEqual([]);
  });

  it('waits while another process does it, and removes what a dead one left', async () => {
    const reported = result('image\n');
    const folder = join(site.paths.tasks, instance.tag);
    // Process 1 of this machine lives as long as the machine.
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const start = readFileSync('/proc/1/stat', 'utf8').split(') ')[1]?.split(' ')[19];
    const living = join(folder, `.signing-0-${boot}:1:${start}`);
    writeFileSync(living, '');
    expect(await publish(site, instance, reported)).toBe('raced');
    rmSync(living);
    writeFileSync(join(folder, '.signing-0-boot:1:2'), '');
    expect(await publish(site, instance, reported)).toBe('published');
    expect(left()).toEqual([]);
  });
});
