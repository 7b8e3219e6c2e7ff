import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, output, required } from './support/cluster.ts';
import { expectConsistent, readInstances } from './support/expect-consistent.ts';
import { inspectSite } from './support/inside.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

const alice = { user: 'alice', node: 'c2' };
let site: Site;
let tag: string;

/** What the real programs print; an image with a whole distribution takes too long for a test. */
const packageManagers = {
  'dpkg-query': '#!/bin/sh\nprintf "dpkg\\tzlib1g\\t$VERSION\\tinstall ok installed\\n"\n',
  apk: '#!/bin/sh\nif ip link | grep -q eth; then echo online-1-r1; fi\necho musl-1.2.5-r9\n',
};

function dockerfile(version: string): string {
  const copies = Object.keys(packageManagers).map((name) => `COPY ${name} /bin/${name}\n`);
  return `FROM ${busybox}\n${copies.join('')}RUN chmod 755 /bin/apk /bin/dpkg-query\nENV VERSION=${version}\n`;
}

beforeAll(async () => {
  site = await makeSite();
  await required(
    site.ctmgr(['overlay', 'add', 'software', '--run', 'mkdir -p /usr/local/software'], { user: 'admin1' }),
  );
  await required(site.import('app', dockerfile('1'), packageManagers, ['--message', 'the first']));
  await required(site.ctmgr(['rebuild', '--wait']));
  [tag = ''] = readInstances(await expectConsistent(site, /\/context\/\.ctmgr/)).map((instance) => instance.tag);
});

afterAll(() => site.remove());

describe('an image', () => {
  const inspect = (file: string, env?: Record<string, string>) =>
    exec(['ctmgr', 'inspect', file], { ...alice, env: env ?? site.env });

  it('says where it comes from, to everybody, in its labels and inside', async () => {
    const file = `${site.share}/builds/${tag}/app.sif`;
    const { code, stdout } = await inspect(file);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^This image was made by ctmgr\.$/m) });
    expect(stdout).toContain(`the published image app:${tag}, what app means now`);
    for (const fact of [/^Recipe version +1$/m, /^Overlays +software:1$/m, /^Apptainer +1\./m])
      expect(stdout).toMatch(fact);
    expect(stdout).toContain(`Read from       ${site.inputs}/app/Dockerfile`);
    const inside = await output(['apptainer', '--silent', 'exec', file, 'cat', '/.singularity.d/ctmgr.json'], alice);
    const { stdout: json } = await exec(['ctmgr', 'inspect', file, '--json'], { ...alice, env: site.env });
    expect(JSON.parse(json)).toMatchObject({ made_by_ctmgr: true, provenance: JSON.parse(inside) });
  });

  it('is known without a catalogue, and told from one that was made from it or changed', async () => {
    const file = `${site.share}/builds/${tag}/app.sif`;
    const elsewhere = { CTMGR_CONFIG: `${site.inputs}/elsewhere.toml` };
    await site.write(elsewhere.CTMGR_CONFIG, `[paths]\nshare = "${site.inputs}/nothing"\n`);
    const folder = await output(['mktemp', '-d'], { user: 'ctmgr', node: 'b1' });
    const onNode = (words: string[], env: Record<string, string>) => exec(words, { user: 'ctmgr', node: 'b1', env });
    await required(
      onNode(
        [
          'sh',
          '-c',
          'cd "$1" && cp "$2" copy.sif && cp "$2" changed.sif && chmod u+w changed.sif && echo x >>changed.sif',
          'sh',
          folder,
          file,
        ],
        {},
      ),
    );
    const build =
      'cd "$1" && printf "Bootstrap: localimage\\nFrom: copy.sif\\n%%post\\n    true\\n" >d.def && APPTAINER_CACHEDIR=$PWD/c APPTAINER_TMPDIR=$PWD apptainer build --fakeroot derived.sif d.def';
    await required(onNode(['sh', '-c', build, 'sh', folder], {}));
    const words = (name: string) => ['ctmgr', 'inspect', `${folder}/${name}.sif`];
    const copy = await onNode(words('copy'), elsewhere);
    expect(copy).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('made by ctmgr.\nThere is no catalogue here'),
    });
    expect(copy.stdout).toMatch(new RegExp(`^Build tag +${tag}$`, 'm'));
    expect((await onNode(words('changed'), site.env)).stdout).toContain('the file was changed');
    const derived = await onNode(words('derived'), site.env);
    expect(derived).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`not made by ctmgr, but from one that was: app:${tag}.`),
    });
    await output(['rm', '-rf', folder], { node: 'b1' });
  });

  it('has its packages listed beside its logs, asked without a network', async () => {
    const { files } = await inspectSite(site);
    expect(files[`logs/${tag}/app.packages`]).toMatchObject({
      mode: '0644',
      text: 'apk\tmusl\t1.2.5-r9\ndpkg\tzlib1g\t1\n',
    });
  });
});

describe('a second version', () => {
  let second: string;

  beforeAll(async () => {
    await required(
      site.ctmgr(['overlay', 'edit', 'software', '--run', 'mkdir -p /p', '--message', 'moved'], { user: 'admin1' }),
    );
    await required(site.import('app', dockerfile('2'), packageManagers, ['--message', 'newer zlib']));
    await required(site.ctmgr(['rebuild', '--wait']));
    const { rows } = await inspectSite(site);
    second = String(rows['build_tag']?.at(-1)?.['name']);
  });

  it('is in the history with who, why, what of, where and how long', async () => {
    const format = '--format=what,version,made_of,status,by,message';
    const words = ['ctmgr', 'history', 'app', '--parsable2', '--noheader', format];
    const path = `${site.inputs}/app/Dockerfile`;
    expect((await output(words, { ...alice, env: site.env })).split('\n')).toEqual([
      `build ${second}|2|version 2, software:2|current|root|`,
      `import from ${busybox}|2|${path}||admin1|newer zlib`,
      `build ${tag}|1|version 1, software:1|success|root|`,
      `import from ${busybox}|1|${path}||admin1|the first`,
    ]);
    const [build] = await site.json<Record<string, unknown>[]>(['history', 'app']);
    expect(build).toMatchObject({ job: expect.stringMatching(/^\d+_0$/), node: expect.stringMatching(/^b[12]$/) });
    expect(build).toMatchObject({ elapsed: expect.any(Number), size: expect.any(Number) });
  });

  it('is compared with the first one by everybody who may read the images', async () => {
    const diff = (...words: string[]) => exec(['ctmgr', 'diff', 'app', ...words], { ...alice, env: site.env });
    const { code, stdout } = await diff(tag, second);
    expect(code).toBe(0);
    expect(stdout).toContain(`app:${tag} -> app:${second}\n\nVersion       1 -> 2\n`);
    expect(stdout).toContain('\nOverlays      software:1 -> software:2\n');
    expect(stdout).toContain('\nEnvironment:\n  ~ VERSION="1" -> "2"\n');
    expect(stdout).toContain('\nPackages (2 -> 2):\n  ~ dpkg zlib1g 1 -> 2\n');
    expect(stdout).toMatch(/\n-    export VERSION="1"\n\+    export VERSION="2"\n/);
    expect(stdout).not.toContain('ctmgr.json');
    expect((await diff('1', '2')).stdout).toBe(stdout);
    expect((await diff('1')).stdout).toBe(stdout);
    expect((await diff('2')).stdout).toContain('Nothing differs');
    expect(await diff('7')).toMatchObject({ code: 66, stderr: expect.stringContaining('app has no version 7') });
  });

  it('can be compared by admins before it is built, and after its file is gone', async () => {
    await required(site.import('app', dockerfile('3'), packageManagers));
    const words = ['ctmgr', 'diff', 'app', '2', '3'];
    const admin = await exec(words, { user: 'admin1', env: site.env });
    expect(admin).toMatchObject({ code: 0, stdout: expect.stringMatching(/-> app, version 3 \(not built\)$/m) });
    expect(admin.stdout).toContain('~ VERSION="2" -> "3"');
    expect(await exec(words, { ...alice, env: site.env })).toMatchObject({ code: 66, stdout: '' });
    await output(['mv', `${site.share}/builds/${tag}/app.sif`, `${site.inputs}/app.sif`]);
    const gone = await exec(['ctmgr', 'diff', 'app', '1', '2'], { user: 'admin1', env: site.env });
    await output(['mv', `${site.inputs}/app.sif`, `${site.share}/builds/${tag}/app.sif`]);
    expect(gone).toMatchObject({ code: 0, stdout: expect.stringContaining('~ dpkg zlib1g 1 -> 2') });
  });
});

describe('an image with the rpm database', () => {
  /** Packages of these names and versions, made by rpmbuild; rpm with its libraries, and a shell without an rpm of its own. */
  const make = `mkdir -p "$1/root" && cd "$1"
for package in solver-1.0 gone-0.9 solver-2.0 extra-1.5; do
  printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%%description\nx\n%%files\n' \
    "\${package%-*}" "\${package##*-}" >spec
  rpmbuild -bb --quiet --define "_topdir $1/rpmbuild" --define "_rpmdir $1/root/rpms" spec
done
for file in $(ldd /usr/bin/rpm | grep -o '/[^ ]*') /usr/bin/rpm /usr/bin/dash; do
  mkdir -p "root/\${file%/*}" && cp -L "$file" "root/$file"
done
cp -a --parents /usr/lib/rpm/macros /usr/lib/rpm/rpmrc /usr/lib/rpm/platform root`;
  const withPackages = (...names: string[]): string => `FROM ${busybox}
COPY root /
RUN ln -sf /usr/bin/dash /bin/sh
SHELL ["/usr/bin/dash", "-c"]
RUN cd /rpms/noarch && /usr/bin/rpm -i --justdb ${names.map((name) => `${name}-1.noarch.rpm`).join(' ')}
`;

  it('is compared by what rpm says of it', async () => {
    await output(['bash', '-ec', make, 'bash', `${site.inputs}/rpmimage`]);
    for (const packages of [
      ['solver-1.0', 'gone-0.9'],
      ['solver-2.0', 'extra-1.5'],
    ]) {
      await required(site.import('rpmimage', withPackages(...packages)));
      await required(site.ctmgr(['rebuild', 'rpmimage', '--wait']));
    }
    const { code, stdout } = await site.ctmgr(['diff', 'rpmimage', '1', '2']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '\nPackages (2 -> 2):\n  + rpm extra 1.5-1.noarch\n  - rpm gone 0.9-1.noarch\n  ~ rpm solver 1.0-1.noarch -> 2.0-1.noarch\n',
    );
  });
});
