import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import {
  type Catalogue,
  type CatalogueImage,
  catalogueSchema,
  formatCatalogue,
} from '../../lib/builds/catalogue-format.ts';
import { findImage } from '../../lib/builds/read-catalogue.ts';

const image: CatalogueImage = {
  name: 'lammps',
  tag: '2026-11-22.1',
  sha256: 'a'.repeat(64),
  file: '/srv/ctmgr/builds/2026-11-22.1/lammps.sif',
  status: 'success',
  current: false,
  version: 1,
  base: 'debian:12',
  overlays: ['site:1'],
  size: 7,
  failure_kind: null,
  message: null,
  reason: null,
  node: 'b1',
  job: '41_0',
  class: 'default',
  attempt: 1,
  attempts: [],
  started: 1,
  ended: 2,
  changed: 3,
  group: null,
  pinned: false,
  removed: null,
};
const newer: CatalogueImage = { ...image, tag: '2026-11-23.1', sha256: 'b'.repeat(64), current: true };
const failed: CatalogueImage = {
  ...image,
  tag: '2026-11-24.1',
  status: 'failure',
  failure_kind: 'build',
  sha256: null,
  file: null,
  size: null,
  message: 'line 1\nline 2 with "quotes", \\ and },\n    {"name":"evil"}',
};
const catalogue: Catalogue = {
  schema: 1,
  generated: 4,
  images: [image, newer, failed],
  recipes: [
    {
      name: 'namd',
      version: 1,
      origin: null,
      base: 'debian:12',
      created: 1,
      created_by: 'admin1',
      message: 'ä\n',
      group: null,
      retired: null,
    },
  ],
  tags: [{ name: '2026-11-22.1', created: 1, created_by: 'root', note: null }],
};

describe('the text', () => {
  const text = formatCatalogue(catalogue);

  test('is JSON that a reader gets back unchanged', () => {
    expect(v.parse(catalogueSchema, JSON.parse(text))).toEqual(catalogue);
    const empty = { ...catalogue, images: [], recipes: [], tags: [] };
    expect(v.parse(catalogueSchema, JSON.parse(formatCatalogue(empty)))).toEqual(empty);
  });

  test('has exactly one image a line, name, tag, digest and file first', () => {
    const lines = text.split('\n').filter((line) => /^ {4}\{"name":"[^"]*","tag":"[^"]*","sha256":/.test(line));
    expect(lines.map((line) => JSON.parse(line.replace(/,$/, '')) as unknown)).toEqual(catalogue.images);
    for (const line of lines) {
      const keys = Object.keys(JSON.parse(line.replace(/,$/, '')) as object);
      expect(keys.slice(0, 4)).toEqual(['name', 'tag', 'sha256', 'file']);
    }
    expect(text.split('\n').filter((line) => line.includes('"evil"'))).toHaveLength(0);
  });

  test('ends with a newline', () => {
    expect(text.endsWith('}\n')).toBe(true);
  });
});

describe('a reader', () => {
  test('takes further keys of a newer writer, but no other schema', () => {
    const more = JSON.parse(
      formatCatalogue({ ...catalogue, images: [{ ...image, extra: 1 } as CatalogueImage] }),
    ) as object;
    expect(v.safeParse(catalogueSchema, { ...more, more: true }).success).toBe(true);
    expect(v.safeParse(catalogueSchema, { ...more, schema: 2 }).success).toBe(false);
    expect(v.safeParse(catalogueSchema, { ...more, images: [{ ...image, file: undefined }] }).success).toBe(false);
  });

  test('finds the current image by name, exact ones by tag or digest, and only good ones', () => {
    expect(findImage(catalogue, 'lammps')).toEqual(newer);
    expect(findImage(catalogue, 'lammps:2026-11-22.1')).toEqual(image);
    expect(findImage(catalogue, `lammps@sha256:${'a'.repeat(64)}`)).toEqual(image);
    for (const reference of ['lammps:2026-11-24.1', `lammps@sha256:${'c'.repeat(64)}`, 'namd', 'other']) {
      expect(() => findImage(catalogue, reference)).toThrow(expect.objectContaining({ code: 'inputMissing' }));
    }
    expect(() => findImage(catalogue, '../lammps')).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('says whether the name or only the build is unknown', () => {
    expect(() => findImage(catalogue, 'namd')).toThrow(expect.objectContaining({ hint: 'ctmgr history namd' }));
    expect(() => findImage(catalogue, 'other')).toThrow(expect.objectContaining({ hint: 'ctmgr list' }));
  });
});
