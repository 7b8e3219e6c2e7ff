import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publish } from '../../lib/builds/publish.ts';
import { writeCatalogue } from '../../lib/builds/write-catalogue.ts';
import { loadConfig } from '../../lib/config/load-config.ts';
import { packageRoot } from '../../lib/config/paths.ts';
import { currentUserName } from '../../lib/util/accounts.ts';
import { runCli } from './support/run-cli.ts';
import { type ProcessEnd, runProcess } from './support/run-node.ts';
import { buildImage, importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

const program = join(packageRoot(), 'bin/ctmgr');

let site: TestSite;
let tag: string;

beforeAll(async () => {
  site = await makeTestSite();
  // Whoever runs the tests has all rights on this site.
  const text = readFileSync(site.configFile, 'utf8');
  const rights = `[rights]\nadmin_users = ["${currentUserName()}"]\nrebuild = "admin"\n`;
  writeFileSync(site.configFile, text.replace('[rights]\n', rights));
  await importOne(site, 'app');
  const instance = named((await recordAll(site)).instances, 'app');
  await publish(site, instance, buildImage(site, instance));
  await writeCatalogue(site.store, site.paths);
  tag = instance.tag;
});

afterAll(async () => {
  await site.remove();
});

/** As a user starts it. */
function ctmgr(args: string[]): Promise<ProcessEnd> {
  return runProcess(program, args, { env: { ...process.env, CTMGR_CONFIG: site.configFile } });
}

/** The same command line in this process, where a process of its own would show nothing more. */
const inside = (args: string[], config = site.configFile): Promise<ProcessEnd> => runCli(args, config);

describe('answers go to standard output, alone', () => {
  test('config: every setting, its value and where it came from', async () => {
    const { code, stdout, stderr } = await ctmgr(['config', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const records = JSON.parse(stdout) as { key: string; value: unknown; origin: string }[];
    const find = (key: string): unknown => records.find((record) => record.key === key);
    expect(find('paths.share')).toEqual({ key: 'paths.share', value: site.paths.share, origin: site.configFile });
    expect(find('poll.lost_after')).toEqual({ key: 'poll.lost_after', value: 900, origin: 'default' });
    expect(records.map(({ key }) => key)).toContain('classes.default.partition');
    expect(new Set(records.map(({ key }) => key)).size).toBe(records.length);
    const { config } = loadConfig(site.configFile);
    expect(find('build.user')).toMatchObject({ value: config.build.user });
  });

  test('list and show agree', async () => {
    const list = await inside(['list', '-P', '-n', '--format', 'name,tag,file']);
    const show = await inside(['show', `app:${tag}`, '--json']);
    const file = join(site.paths.builds, tag, 'app.sif');
    expect(list).toEqual({ code: 0, stdout: `app|${tag}|${file}\n`, stderr: '' });
    expect(JSON.parse(show.stdout)).toMatchObject({ name: 'app', tag, file, current: true });
  });

  test('a reader that has gone away is no error', async () => {
    const child = spawn(program, ['config', '--json'], { env: { ...process.env, CTMGR_CONFIG: site.configFile } });
    child.stdout.destroy();
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, complaint]).toEqual([0, '']);
  });

  test('an answer that cannot be written is one', async () => {
    const end = await runProcess('/bin/sh', ['-c', 'exec "$0" config >/dev/full', program], {
      env: { ...process.env, CTMGR_CONFIG: site.configFile },
    });
    expect(end.code).toBe(73);
    expect(end.stderr).toMatch(/^ctmgr: cannot write to standard output\n {2}.*ENOSPC/);
  });
});

describe('errors say what, why and what to do, with an exit code of their own', () => {
  test.each([
    ['an unknown command', ['frobnicate'], 64, /frobnicate|Did you mean/],
    ['a path in place of a name', ['show', '../etc/passwd'], 64, /"\.\.\/etc\/passwd" is not a valid image name/],
    ['a name that paints', ['import', '/none', '--name', 'Bad\u001b[31m'], 64, /not a valid recipe name/],
  ])('%s', async (_what, args, code, why) => {
    const end = await inside(args);
    expect(end).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(why) });
    expect(end.stderr.split('\n').length).toBeLessThanOrEqual(4);
    // oxlint-disable-next-line no-control-regex -- exactly these must not reach a terminal
    expect(end.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('with --json also as one document on standard output', async () => {
    const { code, stdout, stderr } = await ctmgr(['show', 'other', '--json']);
    expect(code).toBe(66);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'inputMissing', message: 'there is no image other', hint: 'ctmgr list' },
    });
    expect(stderr).toBe('ctmgr: there is no image other\nTry: ctmgr list\n');
  });

  test('a site that is not set up: no catalogue, no database', async () => {
    const config = join(site.folder, 'empty.toml');
    const rights = `[rights]\nadmin_users = ["${currentUserName()}"]\n`;
    writeFileSync(config, `[paths]\nshare = "${site.folder}/none"\nstate = "${site.folder}/none"\n${rights}`);
    const list = await inside(['list'], config);
    const overlays = await inside(['overlay', 'list'], config);
    expect(list).toMatchObject({ code: 66, stdout: '', stderr: expect.stringContaining('catalog.json') });
    expect(overlays).toMatchObject({ code: 78, stdout: '', stderr: expect.stringContaining('ctmgr init') });
  });

  test('a bad configuration, whatever the command', async () => {
    const config = join(site.folder, 'bad.toml');
    writeFileSync(config, '[paths]\nshrae = "/x"\n');
    const { code, stderr } = await inside(['list'], config);
    expect(code).toBe(78);
    expect(stderr).toMatch(/bad\.toml is not valid\n {2}paths\.shrae: unknown key/);
  });
});

test('what a user writes is carried literally and never run', async () => {
  const witness = join(site.folder, 'witness');
  const step = `echo "$(touch '${witness}')" 'a  b' \\ größe; true`;
  const add = await inside(['overlay', 'add', 'nasty', '--run', step, '--message', '$(id) "x"']);
  expect(add).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await inside(['overlay', 'show', 'nasty', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ versions: [{ commands: [step], message: '$(id) "x"' }] });
  expect(existsSync(witness)).toBe(false);
});

describe('bin/ctmgr on a machine without the packages', () => {
  /** A checkout with nothing in it but the launcher, and a `node` of that version in front of the others. */
  function install(name: string, version: string | undefined): { launcher: string; path: string } {
    const root = join(site.folder, name);
    for (const folder of ['bin', 'tools']) mkdirSync(join(root, folder), { recursive: true });
    copyFileSync(program, join(root, 'bin/ctmgr'));
    for (const tool of ['readlink', 'sh']) symlinkSync(`/bin/${tool}`, join(root, 'tools', tool));
    if (version !== undefined) {
      const pretend = `Object.defineProperty(process,"versions",{value:{node:"${version}"}});`;
      const text = `#!/bin/sh
if [ "$1" = -p ]; then exec "${process.execPath}" -p '${pretend}'"$2"; fi
echo "started $*"
`;
      writeFileSync(join(root, 'tools/node'), text, { mode: 0o755 });
    }
    return { launcher: join(root, 'bin/ctmgr'), path: join(root, 'tools') };
  }

  test.each(['4.9.1', '22.17.1'])('refuses Node.js %s in one sentence', async (version) => {
    const { launcher, path } = install(`node-${version}`, version);
    const end = await runProcess(launcher, ['list'], { env: { PATH: path } });
    expect(end).toMatchObject({ code: 69, stdout: '' });
    expect(end.stderr).toMatch(/^ctmgr: .*tools\/node is too old; ctmgr needs Node\.js 22\.18 or newer.*\n$/);
  });

  test.each(['22.18.0', '100.1.2'])('takes Node.js %s', async (version) => {
    const { launcher, path } = install(`node-${version}`, version);
    const end = await runProcess(launcher, ['show', 'a b', '--json'], { env: { PATH: path } });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toMatch(/^started .*dist\/main\.js show a b --json\n$/);
  });

  test('says so when there is none', async () => {
    const { launcher, path } = install('no-node', undefined);
    const end = await runProcess(launcher, ['list'], { env: { PATH: path } });
    expect(end).toMatchObject({ code: 69, stdout: '' });
    expect(end.stderr).toMatch(/^ctmgr: there is no Node\.js on this machine;.*\n$/);
  });

  test('is found through a link', async () => {
    const { launcher, path } = install('linked', '24.0.0');
    const link = join(site.folder, 'ctmgr-link');
    symlinkSync(launcher, link);
    const end = await runProcess(link, ['list'], { env: { PATH: path } });
    expect(end.stdout).toContain('/linked/dist/main.js list');
  });
});
