import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, exec, output, required, until } from './support/cluster.ts';
import { expectConsistent, readInstances } from './support/expect-consistent.ts';
import { startService } from './support/killable.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

const hidden = /\/context\/\.ctmgr/;
let site: Site;
let vendor: string;

const admin = (...words: string[]): Promise<Ended> => site.ctmgr(words, { user: 'admin1' });
const built = async () =>
  readInstances(await expectConsistent(site, hidden)).map(({ name, tag, status }) => ({ name, tag, status }));
const sha256 = async (file: string): Promise<string> => (await output(['sha256sum', file])).slice(0, 64);

beforeAll(async () => {
  site = await makeSite();
  await required(admin('overlay', 'add', 'never', '--run', 'touch /overlay'));
  vendor = `${site.inputs}/vendor.sif`;
  await required(site.import('source', `FROM ${busybox}\nCOPY data /data\nRUN chmod 600 /data\n`, { data: 'kept\n' }));
  await required(site.ctmgr(['rebuild', '--wait']));
  await output(['sh', '-c', 'cp "$(ctmgr path source)" "$1" && chmod 644 "$1"', 'sh', vendor], { env: site.env });
});

afterAll(() => site.remove());

describe('a ready image', () => {
  it('of a file is checked, and published byte for byte under a tag of its own', async () => {
    const { code, stdout } = await site.ctmgr(['import', vendor, '--name', 'vendor', '--message', 'v1', '--wait']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Build tag \S+: 1 image: 1 success\.$/m),
    });
    const published = (await site.ctmgr(['path', 'vendor'])).stdout.trim();
    expect(await sha256(published)).toBe(await sha256(vendor));
    const [build, version] = await site.json<Record<string, unknown>[]>(['history', 'vendor']);
    expect([build, version]).toMatchObject([
      { status: 'current', version: 1 },
      { made_of: vendor, message: 'v1' },
    ]);
    const again = await site.ctmgr(['import', vendor, '--name', 'vendor']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing new: vendor version 1/) });
    await built();
  });

  it('of a registry or an archive, imported by an admin, is built by a job that the service submits', async () => {
    await output([
      'sh',
      '-c',
      'skopeo copy -q --src-tls-verify=false "docker://$1" "oci-archive:$2/app.tar" && chmod 644 "$2/app.tar"',
      'sh',
      busybox,
      site.inputs,
    ]);
    const service = await startService(site);
    const imports = await Promise.all([
      admin('import', `docker://${busybox}`, '--name', 'pulled', '--wait'),
      admin('import', `oci-archive:${site.inputs}/app.tar`, '--name', 'archived', '--wait'),
      admin('import', `docker://${busybox}-missing`, '--name', 'missing', '--wait'),
    ]);
    await service.signal('TERM');
    await service.end;
    expect(imports.map(({ code }) => code)).toEqual([0, 0, 1]);
    expect(imports[2]?.stdout).toContain('MANIFEST_UNKNOWN');
    for (const name of ['pulled', 'archived']) {
      const file = (await site.ctmgr(['path', name])).stdout.trim();
      const { stdout } = await exec(['ctmgr', 'inspect', file], { user: 'alice', node: 'c2', env: site.env });
      expect(stdout).toMatch(/^This image was made by ctmgr\.$/m);
      expect(stdout).toMatch(/^Overlays +none$/m);
      expect(
        await output(['apptainer', '--silent', 'exec', file, 'ls', '/'], { user: 'alice', node: 'c2' }),
      ).not.toContain('overlay');
    }
    const instances = await built();
    expect(new Set(instances.map(({ tag }) => tag)).size).toBe(instances.length);
  });

  it('that the registry does not have is not published, and nobody is told to mend a Dockerfile', async () => {
    const source = `docker://${busybox.slice(0, busybox.indexOf('/'))}/no-such-image:1`;
    const attempt = await site.ctmgr(['import', source, '--name', 'absent', '--wait']);
    expect(attempt).toMatchObject({ code: 1, stdout: expect.stringMatching(/mend the image, ctmgr import it again/) });
    expect(await site.ctmgr(['path', 'absent'])).toMatchObject({ code: 66 });
    await required(site.ctmgr(['retire', 'absent']));
  });

  it('that is none is refused before anything is stored', async () => {
    await site.write(`${site.inputs}/junk.sif`, 'junk');
    for (const source of [
      `${site.inputs}/junk.sif`,
      `docker-archive:${site.inputs}/app.tar`,
      'oci-archive:/etc/passwd',
    ]) {
      expect(await admin('import', source, '--name', 'junk')).toMatchObject({ code: 65, stdout: '' });
    }
    expect(await admin('import', 'docker://a b', '--name', 'junk')).toMatchObject({ code: 64 });
    expect(await admin('import', vendor, '--name', 'junk', '--context', '/tmp')).toMatchObject({ code: 64 });
    expect(await admin('import', `${site.inputs}/none.sif`, '--name', 'junk')).toMatchObject({ code: 66 });
    expect((await admin('history', 'junk')).code).toBe(66);
  });
});

describe('the store alone', () => {
  it('is enough to build every version again', async () => {
    const before = (await site.ctmgr(['path', 'source'])).stdout.trim();
    await output(['rm', '-rf', `${site.inputs}/source`, `${site.inputs}/app.tar`, vendor]);
    expect(await site.ctmgr(['rebuild', 'source', 'vendor', 'archived', '--wait'])).toMatchObject({ code: 0 });
    const file = (await site.ctmgr(['path', 'source'])).stdout.trim();
    expect(file).not.toBe(before);
    const words = ['apptainer', '--silent', 'exec', '--fakeroot', file, 'stat', '-c', '%a %s', '/data'];
    expect(await output(words, { user: 'ctmgr', node: 'b1' })).toBe('600 5');
    expect(
      (await site.ctmgr(['diff', 'source', ...[before, file].map((path) => path.split('/').at(-2) ?? '')])).stdout,
    ).toContain('Nothing differs');
    await until('all ended', built, (rows) => rows.length >= 8);
  });

  it('leaves ready images as they are when everything is rebuilt', async () => {
    const { arrays } = await site.json<{ arrays: { tasks: { name: string }[] }[] }>(['rebuild', '--dry-run']);
    expect(arrays.flatMap(({ tasks }) => tasks.map(({ name }) => name))).toEqual(['source']);
  });
});
