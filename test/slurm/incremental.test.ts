import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, fault, heal, output, required } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

/** A base image that moves, in the cluster's registry. */
const repository = `127.0.0.1:5000/test-${randomBytes(4).toString('hex')}`;
const base = `${repository}:1`;
const push = `set -e
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
skopeo --insecure-policy copy -q --src-tls-verify=false docker://${busybox} oci:oci:base
mkdir root && echo "$1" >root/edition
umoci insert --image oci:base root/edition /edition
skopeo --insecure-policy copy -q --dest-tls-verify=false oci:oci:base docker://${base}
skopeo inspect --format '{{.Digest}}' --tls-verify=false docker://${base}`;
const pushEdition = (edition: string): Promise<string> => output(['sh', '-c', push, 'sh', edition]);

interface Selection {
  changed: { name: string; changes: { kind: string; subject: string; from: string | null; to: string | null }[] }[];
  unchanged: string[];
  skipped: string[];
}
interface Submitted extends Selection {
  tag: string | null;
}
type DryRun = Selection & {
  arrays: { awaits: string[]; tasks: { name: string; definition: string; bases: object[] }[] }[];
};

let site: Site;
const digests: string[] = [];

const mpi = `FROM ${base}
ENV MPI=/opt/mpi PATH=/opt/mpi/bin:$PATH
LABEL org.example.which=mpi
WORKDIR /work
RUN cp /edition /mpi-edition && mkdir -p /opt/mpi/bin
ENTRYPOINT ["/bin/echo", "mpi"]
`;
const app = `FROM ctmgr:mpi
LABEL org.example.which=app
ENV PATH=/opt/app:$PATH
RUN { pwd; echo "$MPI"; cat /mpi-edition; } >/facts
CMD ["by", "default"]
`;
const tool = `FROM ${busybox}
COPY --from=ctmgr:app /facts /copied
`;

const selection = (words: string[] = []): Promise<DryRun> => site.json(['rebuild', '--changed', '--dry-run', ...words]);
const inImage = async (name: string, ...words: string[]): Promise<string> => {
  const file = await output(['ctmgr', 'path', name], { env: site.env });
  return output(['apptainer', '--silent', ...words.slice(0, 1), file, ...words.slice(1)], {
    user: 'ctmgr',
    node: 'b1',
  });
};

beforeAll(async () => {
  site = await makeSite({ tables: '[schedules.nightly]\ncron = "0 2 * * *"\nchanged = true\n' });
  digests.push(await pushEdition('one'));
  await required(site.ctmgr(['overlay', 'add', 'site', '--run', 'echo once >>/site-log'], { user: 'admin1' }));
  await required(site.import('mpi', mpi));
  await required(site.import('app', app));
  await required(site.import('tool', tool));
});

afterAll(async () => {
  await heal('registry');
  await exec(['skopeo', 'delete', '--tls-verify=false', `docker://${base}`]);
  await site.remove();
});

describe('images on exact base images and on images of ours', () => {
  it('are built in the order of their bases, each from the image of the same tag', async () => {
    const planned = await selection();
    expect(planned.changed.map(({ name, changes }) => [name, changes[0]?.kind])).toEqual([
      ['mpi', 'never-built'],
      ['app', 'never-built'],
      ['tool', 'never-built'],
    ]);
    expect(planned.arrays.map(({ awaits, tasks }) => [awaits, tasks.map(({ name }) => name)])).toEqual([
      [[], ['mpi']],
      [['mpi'], ['app']],
      [['app'], ['tool']],
    ]);
    const [first] = planned.arrays[0]?.tasks ?? [];
    expect(first?.definition).toContain(`From: ${repository}@${digests[0]}\n`);
    expect(first?.bases).toEqual([{ reference: base, digest: digests[0] }]);
    // By name alone there is nothing yet that it could be built from.
    expect(await site.ctmgr(['rebuild', 'app'])).toMatchObject({ code: 66 });
    expect(await site.ctmgr(['rebuild', '--wait'])).toMatchObject({ code: 0 });
    expect(await inImage('app', 'exec', 'cat', '/facts', '/site-log')).toBe('/work\n/opt/mpi\none\nonce');
    expect(await inImage('app', 'run')).toBe('mpi by default');
    expect(await inImage('app', 'exec', 'sh', '-c', 'echo $PATH')).toMatch(/^\/opt\/app:\/opt\/mpi\/bin:/);
    expect(await inImage('app', 'inspect')).toContain('org.example.which: app');
    expect(await inImage('tool', 'exec', 'cat', '/copied')).toContain('one');
    // Of its own origin, although Apptainer lets an image inherit the labels of its base.
    const files = await output(['sh', '-c', 'ctmgr path app; sha256sum "$(ctmgr path mpi)"'], { env: site.env });
    const [file = '', sum = ''] = files.split(/\s/);
    expect((await site.json<{ provenance: object }>(['inspect', file])).provenance).toMatchObject({
      name: 'app',
      base: 'ctmgr:mpi',
      base_digest: `sha256:${sum}`,
      context: null,
    });
    const rendered = await required(site.ctmgr(['render', 'mpi'], { user: 'admin1' }));
    expect(rendered.stdout).toContain(`From: ${base}\n`);
  });

  it('stay while nothing changes: no tag is made', async () => {
    const before = await site.json<object[]>(['status']);
    const end = await required(site.ctmgr(['rebuild', '--changed']));
    expect(end.stdout).toBe('Nothing has changed, so nothing is built.\n3 images stay as they are.\n');
    expect(await site.json(['rebuild', '--changed'])).toMatchObject({ tag: null, unchanged: ['mpi', 'app', 'tool'] });
    expect(await site.json(['schedule', '--run', 'nightly'])).toMatchObject({
      result: 'started',
      tag: null,
      message: 'nothing has changed, so nothing is built',
    });
    expect(await site.json(['status'])).toEqual(before);
  });

  it('follow a base image that has moved, and their own bases', async () => {
    digests.push(await pushEdition('two'));
    const end = await required(site.ctmgr(['rebuild', '--changed', '--wait']));
    const [old, fresh] = digests.map((digest) => `${digest.slice(0, 19)}…`);
    expect(end.stderr).toContain(`  mpi   base ${base} ${old} -> ${fresh}\n`);
    expect(end.stderr).toContain('  app   base mpi is built anew\n  tool  base app is built anew\n');
    expect(await inImage('tool', 'exec', 'cat', '/copied')).toContain('two');
    expect((await selection()).unchanged).toEqual(['mpi', 'app', 'tool']);
  });

  it('are built from the very image that was planned, whatever its tag means by then', async () => {
    await required(site.import('mpi', `${mpi}RUN true\n`));
    let tag: string | null;
    await output(['scontrol', 'update', 'PartitionName=build', 'State=DOWN']);
    try {
      ({ tag } = await site.json<Submitted>(['rebuild', 'mpi']));
      await pushEdition('three');
    } finally {
      await output(['scontrol', 'update', 'PartitionName=build', 'State=UP']);
    }
    await required(site.ctmgr(['poll', '--wait']));
    expect(await inImage(`mpi:${tag}`, 'exec', 'cat', '/edition')).toBe('two');
    const { changed } = await selection();
    expect(changed).toMatchObject([
      { name: 'mpi', changes: [{ kind: 'base', subject: base, from: digests[1] }] },
      { name: 'app', changes: [{ kind: 'image', subject: 'mpi' }] },
      { name: 'tool', changes: [{ kind: 'image', subject: 'app' }] },
    ]);
    // Without its own base among the names, app follows the image that there is.
    expect((await selection(['app'])).changed).toMatchObject([
      { name: 'app', changes: [{ kind: 'image', subject: 'mpi', to: tag }] },
    ]);
  });

  it('are not built if their base fails', async () => {
    await required(site.import('mpi', `${mpi}RUN false\n`));
    const end = await site.ctmgr(['rebuild', 'mpi', 'app', 'tool', '--wait']);
    expect(end.code).toBe(1);
    const states = (await site.status()).map(({ name, status, kind, job, message }) => [
      name,
      status,
      kind,
      job !== null,
      message,
    ]);
    expect(states).toEqual([
      ['mpi', 'failure', 'build', true, expect.any(String)],
      [
        'app',
        'failure',
        'infrastructure',
        false,
        expect.stringMatching(/^its base mpi:\S+ has no image \(failure, build\)$/),
      ],
      ['tool', 'failure', 'infrastructure', false, expect.stringMatching(/^its base app:\S+ has no image/)],
    ]);
    const kinds = (await selection()).changed.map(({ name, changes }) => [name, changes[0]?.kind]);
    expect(kinds).toEqual([
      ['mpi', 'failed'],
      ['app', 'failed'],
      ['tool', 'failed'],
    ]);
  });

  it('cannot be based on themselves, through whatever', async () => {
    const circle = await site.import('mpi', 'FROM ctmgr:tool\nRUN true\n');
    expect(circle).toMatchObject({ code: 65, stderr: expect.stringContaining('mpi is based on tool is based on app') });
    const none = await site.import('other', 'FROM ctmgr:none\n');
    expect(none).toMatchObject({ code: 66, stderr: expect.stringContaining('there is no image ctmgr:none') });
  });
});

describe('a registry that cannot be asked', () => {
  it('is named once; the policy decides, and a rebuild of everything goes by tags', async () => {
    await required(site.import('mpi', mpi));
    await required(site.ctmgr(['rebuild', '--wait']));
    await fault('registry');
    const says = (end: { stderr: string }): string[] =>
      end.stderr.split('\n').filter((line) => line.includes('registry'));
    const all = await required(site.ctmgr(['rebuild', '--dry-run']));
    expect(says(all)).toEqual([
      expect.stringMatching(/^ctmgr: registry 127\.0\.0\.1:5000 does not tell .* are built by tag$/),
    ]);
    expect(all.stdout).toContain('its digest is not known');
    expect((await selection()).changed).toMatchObject([
      { name: 'mpi', changes: [{ kind: 'base', to: null }] },
      { name: 'app', changes: [{ kind: 'image' }] },
      { name: 'tool', changes: [{ kind: 'image' }, { kind: 'base', to: null }] },
    ]);
    const config = `${site.inputs}/config.toml`;
    await output(['sed', '-i', 's/^\\[build\\]$/&\\nregistry_unreachable = "skip"/', config]);
    const skipped = await required(site.ctmgr(['rebuild', '--changed']));
    expect(says(skipped)).toHaveLength(1);
    expect(skipped.stderr).toContain('images of which nothing else has changed are left alone');
    expect(skipped.stdout).toContain('2 images are left alone, because a registry did not tell: mpi, tool');
    expect(await site.json(['rebuild', '--changed'])).toMatchObject({ tag: null, unchanged: ['app'] });
  });
});
