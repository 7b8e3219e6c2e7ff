import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, output, required, until } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

const keys = '/etc/ctmgr-test-keys';
let site: Site;

beforeAll(async () => {
  const pair = 'openssl genrsa -out "$1/$2.pem" 2048 && openssl rsa -in "$1/$2.pem" -pubout -out "$1/$2.pub"';
  const make = `umask 077; rm -rf "$1"; mkdir -p "$1"; for name in site other; do set -- "$1" $name; ${pair}; done; chmod 755 "$1"; chmod 644 "$1"/*.pub`;
  await output(['sh', '-c', make, 'sh', keys]);
  site = await makeSite({ tables: `[signing]\nkey = "${keys}/site.pem"\npublic_key = "${keys}/site.pub"` });
  await required(site.import('app', `FROM ${busybox}\nRUN true\n`));
});

afterAll(async () => {
  await site.remove();
  await output(['rm', '-rf', keys]);
});

const published = async (name: string): Promise<string> => (await site.ctmgr(['path', name])).stdout.trim();
const verify = (key: string, file: string) =>
  exec(['apptainer', 'verify', '--all', '--key', `${keys}/${key}.pub`, file], { user: 'alice', node: 'c2' });

describe('a site with a key', () => {
  it('publishes signed images, which run and which everybody can check', async () => {
    await required(site.ctmgr(['rebuild', '--wait']));
    const file = await published('app');
    expect(await verify('site', file)).toMatchObject({ code: 0 });
    expect(await verify('other', file)).not.toMatchObject({ code: 0 });
    const [image] = await site.json<{ sha256: string }[]>(['history', 'app']);
    expect(image?.sha256).toBe((await output(['sha256sum', file])).slice(0, 64));
    const { stdout } = await exec(['ctmgr', 'inspect', file], { user: 'alice', node: 'c2', env: site.env });
    expect(stdout).toMatch(/^Signature +good, by the key of this site/m);
    expect(await output(['apptainer', '--silent', 'exec', file, 'echo', 'runs'], { user: 'alice', node: 'c2' })).toBe(
      'runs',
    );
    expect((await exec(['cat', `${keys}/site.pem`], { user: 'ctmgr' })).code).not.toBe(0);
  });

  it('leaves a ready image with its maker’s signature alone', async () => {
    const file = `${site.inputs}/vendor.sif`;
    const sign =
      'cp "$(ctmgr path app)" "$1" && chmod 644 "$1" && apptainer sif del 5 "$1" && apptainer sign --key "$2" "$1"';
    await output(['sh', '-c', sign, 'sh', file, `${keys}/other.pem`], { env: site.env });
    await required(site.ctmgr(['import', file, '--name', 'vendor', '--wait']));
    expect(await verify('other', await published('vendor'))).toMatchObject({ code: 0 });
  });

  it('publishes nothing while its keys do not fit, and carries on when they do', async () => {
    const before = await published('app');
    const swap = `cd ${keys} && cp site.pub right && cp other.pub site.pub`;
    await output(['sh', '-c', swap]);
    await required(site.ctmgr(['rebuild', 'app']));
    const poll = async () => (await site.ctmgr(['poll'])).stderr;
    await until('the signature is not good', poll, (text) =>
      /cannot publish app.*the signature of app is not good/.test(text),
    );
    expect(await published('app')).toBe(before);
    await output(['sh', '-c', `cd ${keys} && cp right site.pub`]);
    await required(site.ctmgr(['poll', '--wait']));
    const file = await published('app');
    expect(file).not.toBe(before);
    expect(await verify('site', file)).toMatchObject({ code: 0 });
  });

  it('is told by doctor which current images are not signed well', async () => {
    type Check = { check: string; where: string | null; state: string; detail: string; fix: string | null };
    const checks = async (): Promise<Check[]> => {
      const { stdout } = await site.ctmgr(['doctor', '--no-jobs', '--json']);
      return (JSON.parse(stdout) as { checks: Check[] }).checks.filter(({ check }) => check.startsWith('signature'));
    };
    expect(await checks()).toMatchObject([{ state: 'ok', detail: '2 current images are signed' }]);
    const file = await published('app');
    await output(['apptainer', 'sif', 'del', '5', file]);
    expect(await checks()).toMatchObject([{ state: 'ok' }, { check: 'signature', where: 'app', state: 'warning' }]);
    await output(['apptainer', 'sign', '--key', `${keys}/other.pem`, file]);
    expect(await checks()).toMatchObject([
      { state: 'ok', detail: '1 current image is signed' },
      { where: 'app', state: 'problem', fix: expect.stringContaining('ctmgr rebuild app') },
    ]);
  });
});
