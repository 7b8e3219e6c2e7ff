import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, output } from './support/cluster.ts';
import { expectConsistent, readInstances } from './support/expect-consistent.ts';
import { busybox, makeSite, type Site, slowDockerfile } from './support/site.ts';

const breaking = `FROM ${busybox}
RUN echo this works
RUN mkdir /data && \\
    cp /no/such/file /data && \\
    echo not reached
RUN echo never
`;
const baseless = 'FROM 127.0.0.1:5000/nowhere:1\nRUN true\n';

interface Report {
  tag: string;
  ok: boolean;
  images: { name: string; status: string; failure_kind: string | null; message: string; exit_code: number }[];
}

let site: Site;
let first: string;
let second: string;
let end: Ended;

beforeAll(async () => {
  site = await makeSite();
  for (const name of ['breaks', 'good-1', 'good-2']) expect((await site.import(name, slowDockerfile(0))).code).toBe(0);
  expect((await site.ctmgr(['rebuild', '--wait'])).code).toBe(0);
  expect((await site.import('breaks', breaking)).code).toBe(0);
  expect((await site.import('baseless', baseless, {}, ['--no-pull-config'])).code).toBe(0);
  end = await site.ctmgr(['rebuild', '--wait']);
  const tags = readInstances(await expectConsistent(site)).map(({ tag }) => tag);
  [first = '', second = ''] = new Set(tags);
});

afterAll(() => site.remove());

describe('a rebuild of which two images fail', () => {
  it('builds the others and ends with 1', async () => {
    expect(end.code).toBe(1);
    expect((await site.status(second)).map(({ name, status, kind }) => [name, status, kind])).toEqual([
      ['baseless', 'failure', 'build'],
      ['breaks', 'failure', 'build'],
      ['good-1', 'success', null],
      ['good-2', 'success', null],
    ]);
  });

  it('leaves NAME with the image that was built before', async () => {
    const path = async (name: string): Promise<Ended> => site.ctmgr(['path', name], { user: 'alice' });
    expect((await path('breaks')).stdout).toBe(`${site.share}/builds/${first}/breaks.sif\n`);
    expect(await output(['readlink', `${site.share}/current/breaks.sif`])).toBe(`../builds/${first}/breaks.sif`);
    expect((await path('good-1')).stdout).toBe(`${site.share}/builds/${second}/good-1.sif\n`);
    expect(await path('baseless')).toMatchObject({ code: 66, stdout: '' });
    expect(await path(`breaks:${second}`)).toMatchObject({ code: 66, stdout: '' });
  });

  it('logs the line that failed and nothing after it', async () => {
    const log = await output(['ctmgr', 'logs', 'breaks', '--err'], { user: 'alice', env: site.env });
    expect(log).toBe(await output(['cat', `${site.share}/logs/${second}/breaks.err`]));
    expect(log).toMatch(/^\+ .*cp \/no\/such\/file \/data/m);
    expect(log).toContain("cp: can't stat '/no/such/file': No such file or directory");
    expect(log).not.toMatch(/never/);
    const base = await output(['ctmgr', 'logs', 'baseless', '--err'], { user: 'alice', env: site.env });
    expect(base).toMatch(/127\.0\.0\.1:5000\/v2\/nowhere\/.*manifest unknown/);
  });

  it('reports each with its kind, the end of its log, what it means and what to do', () => {
    const report = end.stdout;
    expect(report).toMatch(new RegExp(`^Build tag ${second}: 4 images: 2 success, 2 failure\\.$`, 'm'));
    expect(report).toMatch(/^breaks: failure \(build\): apptainer build ended with exit code \d+$/m);
    expect(report).toContain(`\n  breaks still means the image of ${first}\n`);
    expect(report).toContain(`  the end of ${site.share}/logs/${second}/breaks.err:\n`);
    expect(report).toMatch(/^ {4}cp: can't stat '\/no\/such\/file'/m);
    expect(report).toMatch(/^baseless: failure \(build\): /m);
    expect(report).toMatch(/^ {2}no image of this name has been published yet$/m);
    expect(report).not.toMatch(/^good-/m);
    expect(report).toContain(`Next: see the whole log: ctmgr logs baseless:${second}\n`);
    expect(report).toMatch(/ctmgr import it again, then: ctmgr rebuild baseless breaks\n$/);
  });

  it('is built again by the command that the report names, once the Dockerfile is mended', async () => {
    expect((await site.import('breaks', slowDockerfile(0))).stdout).toMatch(/Stored version 3 of breaks/);
    const again = await site.ctmgr(['rebuild', 'baseless', 'breaks', '--wait', '--json']);
    expect(again.code).toBe(1);
    const { tag, ok, images } = JSON.parse(again.stdout) as Report;
    expect(ok).toBe(false);
    expect(images).toEqual([
      expect.objectContaining({ name: 'baseless', status: 'failure', failure_kind: 'build', exit_code: 255 }),
      expect.objectContaining({ name: 'breaks', status: 'success', failure_kind: null, exit_code: 0 }),
    ]);
    expect(await output(['readlink', `${site.share}/current/breaks.sif`])).toBe(`../builds/${tag}/breaks.sif`);
    await expectConsistent(site);
  });
});
