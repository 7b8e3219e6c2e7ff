import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, fault, heal, output, required } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

/** busybox with a configuration of its own, in the cluster's registry. */
const repository = `127.0.0.1:5000/test-${randomBytes(4).toString('hex')}`;
const base = `${repository}:1`;
const push = `set -e
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
mkdir -p root/srv/w && chmod 777 root/srv/w
skopeo --insecure-policy copy -q --src-tls-verify=false docker://${busybox} oci:oci:base
umoci insert --image oci:base root/srv/w /srv/w
umoci config --image oci:base --config.env 'GREETING=hello  base' --config.env PATH=/opt/own:/usr/bin:/bin \\
  --config.user 7:8 --config.workingdir /srv/w --config.entrypoint /bin/echo --config.entrypoint 'in  base'
skopeo --insecure-policy copy -q --dest-tls-verify=false oci:oci:base docker://${base}
skopeo inspect --format '{{.Digest}}' --tls-verify=false docker://${base}`;

let site: Site;
let digest: string;

beforeAll(async () => {
  site = await makeSite();
  digest = await output(['sh', '-c', push]);
});

afterAll(async () => {
  await heal('registry');
  await exec(['skopeo', 'delete', '--tls-verify=false', `docker://${base}`]);
  await site.remove();
});

const dockerfile = `FROM ${base} AS first
RUN { pwd; id -u; id -g; echo "$GREETING"; echo "$PATH"; } > facts
WORKDIR made
FROM first
ENV SECOND="$GREETING again"
COPY own.txt .
USER root
WORKDIR sub
RUN pwd > /facts
CMD ["one", "two  three"]
`;

describe('a base image with USER, WORKDIR, ENV and ENTRYPOINT of its own', () => {
  it('gives them to the image that is built on it', async () => {
    expect(await site.import('app', dockerfile, { 'own.txt': 'own\n' }, ['--strict'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`Stored version 1 of app (from ${base}).`),
    });
    expect(await site.import('app', dockerfile)).toMatchObject({ stdout: expect.stringContaining('Nothing new') });
    expect(await site.ctmgr(['rebuild', '--wait'])).toMatchObject({ code: 0 });
    const image = await output(['ctmgr', 'path', 'app'], { env: site.env });
    const inside = `cat /srv/w/facts /facts; echo "$GREETING,$SECOND"
      find /srv/w/made -exec stat -c '%u:%g %n' {} + | sort -k 2`;
    const script = `apptainer --silent exec --cleanenv --contain --no-home --fakeroot "$1" sh -c "$2"
      apptainer --silent run --contain --no-home "$1"; apptainer --silent run --contain --no-home "$1" 'a  b'`;
    const lines = await output(['sh', '-c', script, 'sh', image, inside], { user: 'ctmgr', node: 'b1' });
    expect(lines.split('\n')).toEqual([
      '/srv/w',
      // busybox has no setpriv; the build node's is brought along.
      '7',
      '8',
      'hello  base',
      // Apptainer adds the folders of its own default.
      expect.stringMatching(/^\/opt\/own:\/usr\/bin:\/bin(:|$)/),
      '/srv/w/made/sub',
      'hello  base,hello  base again',
      '7:8 /srv/w/made',
      '0:0 /srv/w/made/own.txt',
      '0:0 /srv/w/made/sub',
      'in  base one two  three',
      'in  base a  b',
    ]);
  });

  it('is remembered with its digest when the registry is away; what nobody knows is said or refused', async () => {
    const before = await site.ctmgr(['render', 'app']);
    const rows = `select reference, digest from container_base_config`;
    const program = `const db = require('better-sqlite3')(process.argv[1]); console.log(JSON.stringify(db.prepare(process.argv[2]).all()))`;
    const node = '/opt/ctmgr/node_modules/node/bin/node';
    const stored = await output([
      'sh',
      '-c',
      `cd /opt/ctmgr && exec "$@"`,
      'sh',
      node,
      '-e',
      program,
      `${site.state}/ctmgr.db`,
      rows,
    ]);
    expect(JSON.parse(stored)).toEqual([{ reference: base, digest }]);
    await fault('registry');
    const again = await required(site.import('app', dockerfile, { 'own.txt': 'own\n' }));
    expect(again.stderr).toContain(`line 1: what ${base} sets is not known: the registry cannot be asked for ${base}`);
    expect(again.stderr).toContain('what version 1 knew is taken');
    expect(again.stdout).toContain('Nothing new');
    expect((await site.ctmgr(['render', 'app'])).stdout).toBe(before.stdout);
    const fresh = `FROM ${base}\nRUN true\n`;
    expect(await site.import('fresh', fresh, {}, ['--strict'])).toMatchObject({ code: 69 });
    const needing = await site.import('fresh', `FROM ${base}\nWORKDIR $GREETING/x\n`);
    expect(needing).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('line 2 needs what only its base image'),
    });
    expect(await site.import('fresh', fresh)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is taken to have USER root and WORKDIR /'),
    });
    await heal('registry');
    expect(await site.import('fresh', fresh)).toMatchObject({ stdout: expect.stringContaining('Stored version 2') });
    expect(await site.import('none', `FROM ${repository}:2\n`)).toMatchObject({ code: 66 });
  });
});

it('a platform reaches Apptainer, or the build says why not', async () => {
  const other = await makeSite();
  try {
    const own = (await output(['uname', '-m'])) === 'aarch64' ? 'arm64' : 'amd64';
    await required(other.import('own', `FROM ${busybox}\nRUN true\n`, {}, ['--platform', own]));
    await required(other.import('foreign', `FROM ${busybox}\nRUN true\n`, {}, ['--platform', 'linux/s390x']));
    expect(await other.ctmgr(['rebuild', '--wait'])).toMatchObject({ code: 1 });
    expect(await other.status()).toMatchObject([
      { name: 'foreign', status: 'failure', kind: 'build', message: expect.stringContaining('programs for s390x') },
      { name: 'own', status: 'success' },
    ]);
  } finally {
    await other.remove();
  }
});
