import { describe, expect, test } from '@jest/globals';
import { readSections } from '../../lib/apptainer/check-definition.ts';
import { CtmgrError } from '../../lib/util/errors.ts';
import { render, template } from './support/definition-section.ts';

/** The lines of one section, without settings, functions of our own, and comments. */
function section(definition: string, name: string): string[] {
  return allLines(definition, name).filter((line) => !line.startsWith('#') && !settings.has(line));
}

/** What every `%post` with commands begins with. */
const settings = new Set([
  '. /.ctmgr/functions',
  'unset PS1 PROMPT_COMMAND',
  'LD_LIBRARY_PATH=${LD_LIBRARY_PATH%:/.singularity.d/libs}',
  '[ "$LD_LIBRARY_PATH" != /.singularity.d/libs ] || unset LD_LIBRARY_PATH',
]);

function allLines(definition: string, name: string): string[] {
  return readSections(definition)
    .filter((each) => each.name === name)
    .flatMap(({ text }) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    );
}

const squeeze = (text: string) => text.replaceAll('\\\n', '').replace(/\s+/g, ' ').trim();
const withoutComments = (text: string) => text.replace(/^ *#.*\n/gm, '');

describe('renderDefinition', () => {
  test('the Dockerfile of listing 4.1 and two overlays give listing 4.2', () => {
    const files = ['jsc-centos.repo', 'jsc-epel.repo', 'jsc-ofed.repo', 'jsc.repo'];
    const keys = ['RPM-GPG-KEY-JURECA-JSC', 'RPM-GPG-KEY-JURECA-OFED'];
    const copies = [
      ...files.map((name) => [name, `/etc/yum.repos.d/${name}`]),
      ...keys.map((name) => [name, `/etc/pki/rpm-gpg/${name}`]),
    ];
    const dockerfile = `FROM centos:7.6.1810

${copies.map((words) => `COPY ${words.join(' ')}`).join('\n')}

RUN yum-config-manager --disable base,extras,updates,epel && sed -i \\
    's/enabled=1/enabled=0/g' /etc/yum/pluginconf.d/fastestmirror.conf && yum makecache \\
    && yum install -y mlnx-ofa_kernel-4.5-OFED.4.5.1.0.1.1.gb4fdfac infiniband-diags \\
    libmlx5 ofed-scripts dapl libibcm ucx ibacm mft-4.11.0-103.x86_64 libibverbs-utils \\
    perftest && yum clean all && rm -rf /var/cache/yum
`;
    const overlays = [
      {
        name: 'standard',
        version: 1,
        steps: [{ command: 'mkdir -p /usr/local/software' }, { command: 'mkdir -p /p' }],
      },
    ];
    const definition = render(dockerfile, { files: [...files, ...keys], overlays });
    expect(allLines(definition, 'files').filter((line) => line.startsWith('#'))).toEqual(
      copies.map((_, index) => `# Dockerfile line ${index + 3}: COPY`),
    );
    expect(allLines(definition, 'post').slice(0, 5)).toEqual([
      '# Overlay standard, version 1',
      'mkdir -p /usr/local/software',
      'mkdir -p /p',
      '# Dockerfile line 10: RUN',
      'yum-config-manager --disable base,extras,updates,epel && sed -i \\',
    ]);
    expect(squeeze(withoutComments(definition))).toBe(
      squeeze(`Bootstrap: docker
From: centos:7.6.1810

%post
    mkdir -p /usr/local/software
    mkdir -p /p
    yum-config-manager --disable base,extras,updates,epel && sed -i
    's/enabled=1/enabled=0/g' /etc/yum/pluginconf.d/fastestmirror.conf && yum
    makecache && yum install -y mlnx-ofa_kernel-4.5-OFED.4.5.1.0.1.1.gb4fdfac
    infiniband-diags libmlx5 ofed-scripts dapl libibcm ucx ibacm
    mft-4.11.0-103.x86_64 libibverbs-utils perftest && yum clean all && rm -rf
    /var/cache/yum

%files
${copies.map((words) => `    ${words.join(' ')}`).join('\n')}
`),
    );
  });

  test('a RUN is a plain line only where that is exactly the same', () => {
    const post = (text: string, after = '') => section(render(`FROM a\nRUN ${text}${after}`), 'post')[0];
    const asChild = (text: string) => (/^[\w=]+$/.test(text) ? `/bin/sh -c ${text}` : `/bin/sh -c '${text}'`);
    for (const text of ['make all', 'echo "a b" >/x 2>&1', 'ls /etc/*.conf', 'a && b && c'])
      expect(post(text)).toBe(text);
    expect(post('a && b', '\nRUN c')).toBe(asChild('a && b'));
    expect(post('a && b', '\nENV X=1')).toBe(asChild('a && b'));
    const others = [
      'cd /x',
      'cd /x && make',
      'X=1',
      'X=1 make',
      'export X',
      'set +e',
      'exit 0',
      '. /x',
      'source x',
      'umask 0',
      'unset X',
    ];
    others.push(
      'false; true',
      'a | b',
      'a & b',
      'a || b',
      '(a)',
      '{ a; }',
      '! a',
      'if a',
      'echo $X',
      'echo `a`',
      'echo a\\ b',
      'echo "$X"',
    );
    others.push(
      'echo {{x',
      'f() { a; }',
      'a <<<b',
      'echo ~',
      '[ -d /x ]',
      'a #b',
      'eval a',
      'exec a',
      'trap a',
      'read a',
      'alias a=b',
      'a &&',
    );
    for (const text of others) expect(post(text)).toBe(asChild(text.replace('{{', "{''{")));
    expect(section(render('FROM a\nWORKDIR /w\nRUN make'), 'post')).toEqual([
      'mkdir -p /w',
      '( cd /w && exec /bin/sh -c make )',
    ]);
    expect(post('["make", "a b"]')).toBe("( cd / && exec make 'a b' )");
  });

  test('COPY before any RUN is a %files line, later an archive unpacked at its place', () => {
    const definition = render('FROM a\nCOPY x /x\nCOPY x y /d/\nRUN one\nCOPY x /x\nRUN two', { files: ['x', 'y'] });
    expect(section(definition, 'files')).toEqual(['x /x', 'x /d/x', 'y /d/y', '.ctmgr/copy-3.tar /.ctmgr/copy-3.tar']);
    const post = section(definition, 'post');
    expect(post[0]).toBe('one');
    expect(post.findIndex((line) => line.includes('copy-3.tar'))).toBeLessThan(post.indexOf('two'));
    expect(post.at(-1)).toContain('rm -rf /.ctmgr');
  });

  test.each([
    ['COPY x /tmp/x', ['x']],
    ['COPY x /usr/bin/x', ['x']],
    ['COPY -x /x', ['-x']],
    ['WORKDIR /w/v\nCOPY x /w', ['x']],
    ['COPY ["a b", "/x"]', ['a b']],
    ['COPY x* /x', ["x'{{y}}%"]],
  ])('%j goes through an archive', (instructions, files) => {
    expect(section(render(`FROM a\n${instructions}`, { files }), 'files')).toEqual([
      expect.stringMatching(/^\.ctmgr\/copy-\d\.tar \/\.ctmgr\//),
    ]);
  });

  test('variables are exported where they stand; base values survive being assigned twice', () => {
    const definition = render('FROM a\nARG V=1\nENV PATH=/x:$PATH\nRUN one\nENV PATH=/y:$PATH Q="a\\"b\\$c`" R=$PATH');
    expect(section(definition, 'post')).toEqual([
      'ctmgr_base_PATH="${PATH}"',
      'export V="1"',
      'export PATH="/x:${ctmgr_base_PATH}"',
      'one',
      'export PATH="/y:/x:${ctmgr_base_PATH}"',
      'export Q="a\\"b\\$c\\`"',
      'export R="/x:${ctmgr_base_PATH}"',
    ]);
    expect(section(definition, 'environment')).toEqual([
      'ctmgr_base_PATH="${PATH}"',
      'export PATH="/y:/x:${ctmgr_base_PATH}"',
      'export Q="a\\"b\\$c\\`"',
      'export R="/x:${ctmgr_base_PATH}"',
      'unset ctmgr_base_PATH',
    ]);
    expect(section(render('FROM a\nENV PATH=/x:$PATH'), 'environment')).toEqual(['export PATH="/x:${PATH}"']);
  });

  test('our own commands are found although the recipe replaced PATH', () => {
    const post = section(render('FROM a\nENV PATH=/only\nWORKDIR /w'), 'post');
    expect(post.at(-1)).toMatch(/^PATH=\S*:\/bin mkdir -p \/w$/);
  });

  test('labels are listed and also written while building, where they win over those of the base', () => {
    const definition = render('FROM a\nLABEL a="b c" d="{{x}}" e=\'%f\'', { labels: [{ name: 'a', value: 'z' }] });
    expect(section(definition, 'labels')).toEqual(['a z', 'e %f']);
    expect(section(definition, 'post')).toEqual([
      `printf '%s\\n' 'a z' >>"$SINGULARITY_LABELS"`,
      `printf '%s\\n' 'd {''{x}}' >>"$SINGULARITY_LABELS"`,
      `printf '%s\\n' 'e %f' >>"$SINGULARITY_LABELS"`,
    ]);
  });

  test('runscript and startscript: none of our own, ENTRYPOINT with CMD, CMD over the base ENTRYPOINT', () => {
    expect(render('FROM a')).not.toContain('script');
    const both = render('FROM a\nENTRYPOINT ["e"]\nCMD ["c", "d e"]');
    expect(section(both, 'runscript')).toEqual(["[ $# -gt 0 ] || set -- c 'd e'", 'exec e "$@"']);
    expect(section(both, 'startscript')).toEqual(section(both, 'runscript'));
    const only = render('FROM a\nCMD c d');
    expect(section(only, 'post')).toEqual(['cp -p /.singularity.d/runscript /.singularity.d/runscript.base']);
    expect(section(only, 'runscript').at(-1)).toBe('SINGULARITY_NO_EVAL=1 exec /.singularity.d/runscript.base "$@"');
    expect(section(render('FROM a\nENTRYPOINT []'), 'runscript').at(-1)).toBe('exec "$@"');
  });

  test('USER brings functions that switch users, but not for root', () => {
    expect(section(render('FROM a\nUSER root\nRUN make'), 'post')).toEqual(['make']);
    const post = section(render('FROM a\nUSER bob\nWORKDIR /w/v\nRUN make "$X"\nUSER 0\nRUN make'), 'post');
    expect(post.slice(-4)).toEqual([
      'ctmgr_mkdir bob /w /w/v',
      `ctmgr_as bob /w/v /bin/sh -c 'make "$X"'`,
      '( cd /w/v && exec /bin/sh -c make )',
      'rm -rf /.ctmgr',
    ]);
  });

  test('a reference with tag and digest is pulled by digest', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(render(`FROM h:5000/a:1@${digest}`)).toContain(`From: h:5000/a@${digest}\n`);
  });

  test('sections longer than Apptainer reads are split, and nothing of them is lost', () => {
    const texts = Array.from({ length: 60 }, (_, index) => `echo ${index} '${'x y'.repeat(700)}';true`);
    const definition = render(`FROM a\n${texts.map((text) => `RUN ${text}`).join('\n')}`);
    expect(readSections(definition).filter(({ name }) => name === 'post').length).toBeGreaterThan(3);
    expect(section(definition, 'post')).toHaveLength(60);
  });

  test('a template that names something unknown or loses a section is told', () => {
    const code = (text: string) => {
      try {
        return render('FROM a\nRUN x', { template: text });
      } catch (error) {
        return error instanceof CtmgrError ? error.code : error;
      }
    };
    expect(code('{{nope}}')).toBe('configuration');
    expect(code('Bootstrap: {{bootstrap}}\nFrom: {{from}}\n')).toBe('bug');
    expect(code(`${template}%nonsense\n`)).toBe('bug');
    expect(code(`${template}%test\n    true\n`)).toContain('%test');
  });
});
