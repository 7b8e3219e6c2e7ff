import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configKeys } from '../../lib/config/config-keys.ts';
import { firstConfigText, writeFirstConfig } from '../../lib/config/first-config.ts';
import { configPath, defaultConfigPath, dottedKeys, loadConfig } from '../../lib/config/load-config.ts';
import { packageRoot, pathsOf, templatePath } from '../../lib/config/paths.ts';
import { resourceClass } from '../../lib/config/resource-class.ts';
import { CtmgrError } from '../../lib/util/errors.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-config-'));
  path = join(folder, 'config.toml');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(text: string): ReturnType<typeof loadConfig> {
  writeFileSync(path, text);
  return loadConfig(path);
}

function refusal(text: string): CtmgrError {
  try {
    load(text);
  } catch (error) {
    if (error instanceof CtmgrError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('a good file', () => {
  test('is filled up with defaults, and each key says where it came from', () => {
    const { config, exists, fromFile } = load(`
      [paths]
      share = "/data/ctmgr"
      [classes.big]
      cpus = 16
      memory = "64G"
      time = "1-12:00:00"
      [build]
      environment = { http_proxy = "http://proxy.example.org:3128" }
    `);
    expect(exists).toBe(true);
    expect(config.paths).toMatchObject({ share: '/data/ctmgr', state: '/var/lib/ctmgr' });
    expect(config.classes['big']).toEqual({
      partition: 'build',
      cpus: 16,
      memory: '64G',
      time: '1-12:00:00',
      extra_arguments: [],
    });
    expect(config.rights).toEqual({ admin_users: [], admin_groups: [], rebuild: 'root' });
    expect([...fromFile].sort()).toEqual([
      'build.environment.http_proxy',
      'classes.big.cpus',
      'classes.big.memory',
      'classes.big.time',
      'paths.share',
    ]);
  });

  test('may be missing: everything is a default then', () => {
    const loaded = loadConfig(join(folder, 'none.toml'));
    expect(loaded.exists).toBe(false);
    expect(loaded.fromFile.size).toBe(0);
    expect(loaded.config).toEqual(load('').config);
  });

  test('is what init writes', async () => {
    const first = join(folder, 'new/config.toml');
    const text = firstConfigText({
      share: '/data/"odd" \\ share',
      state: undefined,
      buildUser: 'builder',
      adminGroup: 'hpcadm',
      partition: 'images',
    });
    await writeFirstConfig(first, text);
    const { config } = loadConfig(first);
    expect(config.paths).toMatchObject({ share: '/data/"odd" \\ share', state: '/var/lib/ctmgr' });
    expect(config.rights.admin_groups).toEqual(['hpcadm']);
    expect(config.build.user).toBe('builder');
    expect(config.classes['default']?.partition).toBe('images');
  });
});

describe('a bad file is an error that names file, key, what was expected and what was found', () => {
  test.each([
    ['an unknown key', '[paths]\nshrae = "/x"', ['paths.shrae', 'unknown key']],
    ['an unknown table', '[polll]\nx = 1', ['polll', 'unknown key']],
    ['an unknown key of a class', '[classes.big]\nmem = "1G"', ['classes.big.mem', 'unknown key']],
    ['a wrong type', '[build]\nthrottle = "4"', ['build.throttle', 'expected number', 'found "4"']],
    ['a text where a list belongs', '[rights]\nadmin_groups = "a"', ['rights.admin_groups', 'expected Array', '"a"']],
    ['a relative path', '[paths]\nstate = "lib"', ['paths.state', 'expected an absolute path', 'found "lib"']],
    ['a number out of range', '[poll]\nresults_interval = 0', ['poll.results_interval', '>=0.1', 'found 0']],
    ['half a CPU', '[classes.default]\ncpus = 0.5', ['classes.default.cpus', 'found 0.5']],
    ['a mode that is no mode', '[images]\nmode = "444"', ['images.mode', 'found "444"']],
    [
      'a word that is not in the list',
      '[rights]\nrebuild = "alice"',
      ['rights.rebuild', '"root" | "admin"', '"alice"'],
    ],
    ['an account that is no account', '[build]\nuser = "a b"', ['build.user', 'found "a b"']],
    ['a time limit', '[classes.default]\ntime = "soon"', ['classes.default.time', 'found "soon"']],
    ['a class that is not there', '[build]\nclass = "big"', ['build.class', '[classes.NAME]', '"big"']],
  ])('%s', (_what, text, words) => {
    const { code, message, why } = refusal(text);
    expect(code).toBe('configuration');
    expect(message).toContain(path);
    for (const word of words) expect(why).toContain(word);
  });

  test('every mistake is named at once', () => {
    const { why } = refusal('[paths]\nstate = 1\nshare = 2\nshrae = 3');
    expect(why?.split('; ').map((line) => line.split(':')[0])).toEqual(['paths.state', 'paths.share', 'paths.shrae']);
  });

  test('text that is not TOML is shown by line and column', () => {
    const { code, message, why } = refusal('[paths]\nshare = /srv\n');
    expect(code).toBe('configuration');
    expect(message).toContain(path);
    expect(why).toMatch(/^line 2, column \d+: /);
  });

  test('a folder in its place is no missing file', () => {
    mkdirSync(path);
    expect(() => loadConfig(path)).toThrow(expect.objectContaining({ code: 'configuration' }));
  });
});

describe('what the rest of the program asks for', () => {
  test('CTMGR_CONFIG names the file', () => {
    expect(configPath({ CTMGR_CONFIG: '/tmp/x.toml' })).toBe('/tmp/x.toml');
    expect(configPath({ CTMGR_CONFIG: '' })).toBe(defaultConfigPath);
    expect(configPath({})).toBe(defaultConfigPath);
  });

  test('dotted keys: lists are values, tables are not', () => {
    expect(dottedKeys({ a: { b: 1, c: { d: [1, { e: 2 }] } }, f: null })).toEqual(['a.b', 'a.c.d', 'f']);
  });

  test('the class `default` exists even if nobody wrote it, others do not', () => {
    const { config } = load('');
    expect(resourceClass(config, 'default')).toEqual({
      partition: 'build',
      cpus: 1,
      time: '02:00:00',
      extra_arguments: [],
    });
    expect(resourceClass(load('[classes.default]\npartition = "p"').config, 'default').partition).toBe('p');
    for (const name of ['big', 'constructor', '__proto__']) {
      expect(() => resourceClass(config, name)).toThrow(expect.objectContaining({ code: 'configuration' }));
    }
  });

  test('everything lies below state and share', () => {
    const paths = pathsOf(load('[paths]\nstate = "/a"\nshare = "/b"').config);
    expect(paths.database).toBe('/a/ctmgr.db');
    expect(paths.catalogue).toBe('/b/catalog.json');
    expect(paths.current).toBe('/b/current');
  });

  test("a site's own template goes before the one that comes along", () => {
    const { config } = load(`[paths]\nrecipe_templates = "${folder}"`);
    const own = join(packageRoot(), 'recipe-templates/definition.def.mustache');
    expect(templatePath('recipe-templates', 'definition.def.mustache', config)).toBe(own);
    const site = join(folder, 'definition.def.mustache');
    writeFileSync(site, '');
    expect(templatePath('recipe-templates', 'definition.def.mustache', config)).toBe(site);
  });
});

test('every key of the schema is known by name, those without a default too', () => {
  const keys = configKeys();
  expect(keys).toEqual(expect.arrayContaining(['paths.share', 'build.throttle', 'service.nightly', 'slurm.bin_dir']));
  const loaded = loadConfig('/nonexistent/config.toml');
  expect(keys).toEqual(expect.arrayContaining(dottedKeys(loaded.config)));
});
