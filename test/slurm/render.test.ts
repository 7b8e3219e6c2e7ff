import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeSite, type Site } from './support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await makeSite();
  const overlay = ['overlay', 'add', 'software', '--run', 'mkdir -p /usr/local/software', '--run', 'mkdir -p /p'];
  expect(await site.ctmgr(overlay, { user: 'admin1' })).toMatchObject({ code: 0 });
});

afterAll(() => site.remove());

describe('the definition file', () => {
  it('of the example of the thesis has its files, its overlays first and its one command', async () => {
    const files = ['jsc-centos.repo', 'jsc.repo'];
    const command =
      "yum-config-manager --disable base && sed -i 's/enabled=1/enabled=0/g' /etc/yum/x.conf && yum makecache";
    const copies = files.map((file) => `COPY ${file} /etc/yum.repos.d/${file}\n`).join('');
    const dockerfile = `FROM centos:7.6.1810\n\n${copies}\nRUN ${command}\n`;
    const contents = Object.fromEntries(files.map((file) => [file, 'enabled=1\n']));
    expect(await site.import('thesis', dockerfile, contents)).toMatchObject({ code: 0 });
    const rendered = await site.ctmgr(['render', 'thesis'], { user: 'admin1' });
    expect(rendered).toMatchObject({ code: 0, stderr: '' });
    const all = rendered.stdout.split('\n').map((line) => line.trim());
    const lines = all.filter((line) => !line.startsWith('#'));
    expect(lines.slice(0, 2)).toEqual(['Bootstrap: docker', 'From: centos:7.6.1810']);
    const post = lines.slice(lines.indexOf('%post') + 1, lines.indexOf('', lines.indexOf('%post')));
    expect(post.slice(-3)).toEqual(['mkdir -p /usr/local/software', 'mkdir -p /p', command]);
    expect(all).toContain('# Dockerfile line 6: RUN');
    for (const file of files) expect(lines).toContain(`${file} /etc/yum.repos.d/${file}`);
  });
});
