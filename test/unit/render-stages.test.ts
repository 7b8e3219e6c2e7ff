import { describe, expect, test } from '@jest/globals';
import { checkDefinition, readSections } from '../../lib/apptainer/check-definition.ts';
import { render } from './support/definition-section.ts';

/** The stages, each with its header and sections by name; settings, functions of our own and comments are left out. */
function stages(definition: string): Record<string, string[]>[] {
  return definition.split(/^(?=Bootstrap:)/m).map((text) => {
    expect(checkDefinition(text)).toEqual([]);
    const found: Record<string, string[]> = {};
    for (const { name, line, text: body } of readSections(text)) {
      const title = name === 'files' ? (text.split('\n')[line - 1] ?? '') : name === '' ? 'header' : name;
      const plain = body
        .replace(/^ {4}cat .*<<'END'\n[\s\S]*?^END\n/gm, '')
        .replace(
          /^ *(\. \/\.ctmgr\/functions|unset PS1 PROMPT_COMMAND|LD_LIBRARY_PATH=.*|\[ "\$LD_LIBRARY_PATH" .*|#.*)\n/gm,
          '',
        );
      found[title] = (found[title] ?? []).concat(plain.split('\n').filter((each) => each.trim() !== ''));
    }
    return Object.fromEntries(Object.entries(found).map(([name, lines]) => [name, lines.map((each) => each.trim())]));
  });
}

const one = (definition: string): Record<string, string[]> => stages(definition)[0] ?? {};

describe('several stages', () => {
  test('are named; what nobody needs is left out, and a stage that others are based on is repeated', () => {
    const definition = render(
      'FROM a AS base\nRUN one\nFROM nobody\nRUN no\nFROM base AS build\nRUN two\nFROM base\nCOPY --from=build /x /y/\nRUN three',
    );
    expect(definition).not.toContain('nobody');
    expect(stages(definition)).toEqual([
      { header: ['Bootstrap: docker', 'From: a', 'Stage: build'], post: ['one', 'two'] },
      {
        header: ['Bootstrap: docker', 'From: a', 'Stage: stage-3'],
        '%files from build': ['/x /.ctmgr/from-0/0'],
        post: ['one', "ctmgr_put /.ctmgr/from-0/0 /y/ x '' ''", 'three', 'rm -rf /.ctmgr'],
        setup: ['mkdir -p "$SINGULARITY_ROOTFS/.ctmgr"'],
      },
    ]);
  });

  test('ENV and ARG of the stages before hold in the next; the image gets what ENV left', () => {
    const [only] = stages(render('FROM a AS x\nARG V=1\nENV E=$V\nFROM x\nENV F=$E$V\nRUN make'));
    expect(only).toMatchObject({
      post: ['export V="1"', 'export E="1"', 'export F="11"', 'make'],
      environment: ['export E="1"', 'export F="11"'],
    });
  });

  test('an image that is only copied from is a stage of its own; overlays and labels are for the last', () => {
    const overlays = [{ name: 'o', version: 1, steps: [{ command: 'site' }] }];
    const [image, last] = stages(render('FROM a\nLABEL a=b\nCOPY --from=r.example/t/u:1 "/a" /b', { overlays }));
    expect(image).toEqual({ header: ['Bootstrap: docker', 'From: r.example/t/u:1', 'Stage: image:r.example-t-u-1'] });
    expect(last?.['post']?.slice(0, 2)).toEqual([`printf '%s\\n' 'a b' >>"$SINGULARITY_LABELS"`, 'site']);
  });
});

describe('copies from elsewhere', () => {
  test('patterns are matched in the image; odd names are quoted for %files; a whole stage comes without what is Apptainer’s', () => {
    const last = stages(render('FROM a AS b\nFROM a\nCOPY --from=b ["/o p/x{y", "/lib/[^a]*/*.so", "/", "/d/"]')).at(
      -1,
    );
    expect(last?.['%files from b']).toEqual([
      String.raw`"/o p/x\{y" /.ctmgr/from-0/0`,
      '/lib /.ctmgr/from-0/1',
      '/ /.ctmgr/from-0/2',
    ]);
    expect(last?.['post']?.slice(0, 3)).toEqual([
      "ctmgr_put /.ctmgr/from-0/0 /d/ 'x{y' '' ''",
      "ctmgr_each /.ctmgr/from-0/1 /d/ '' '' '[!a]*' '*.so'",
      expect.stringMatching(/^\( cd \/.ctmgr\/from-0\/2 && rm -rf \.singularity\.d /),
    ]);
  });

  test('owner and mode: a number is user and group, a name has the group of its own', () => {
    const copy = (chown: string) =>
      one(render(`FROM a\nCOPY --chown=${chown} --chmod=750 x /y`, { files: ['x'] }))['post']?.find((line) =>
        line.startsWith('ctmgr_put'),
      );
    expect(copy('7')).toBe('ctmgr_put /.ctmgr/copy-0/x /y x 7:7 750');
    expect(copy('me')).toBe('ctmgr_put /.ctmgr/copy-0/x /y x me: 750');
    expect(copy('me:us')).toBe('ctmgr_put /.ctmgr/copy-0/x /y x me:us 750');
  });

  test('a URL is fetched and checked by %setup', () => {
    const sum = 'a'.repeat(64);
    const { setup, post } = one(render(`FROM a\nADD --checksum=sha256:${sum} https://h/x%20y?q=1&r;s /d/`));
    expect(setup).toEqual([
      'mkdir -p "$SINGULARITY_ROOTFS/.ctmgr"',
      expect.stringMatching(/^curl .* -- 'https:\/\/h\/x%20y\?q=1&r;s'$/),
      `echo "${sum}  $SINGULARITY_ROOTFS/.ctmgr/copy-0" | sha256sum -c -`,
    ]);
    expect(post).toContain("ctmgr_put /.ctmgr/copy-0 /d/ 'x y' '' ''");
  });
});

describe('images without a shell', () => {
  test('a stage with one lays out what they copy; %post is not there', () => {
    const [build, last] = stages(
      render(
        'FROM a AS b\nRUN make\nFROM scratch\nCOPY --from=b /x /bin/\nCOPY c /etc/c\nENV A=1\nLABEL l=m\nCMD ["/bin/x"]',
        {
          files: ['c'],
          overlays: [{ name: 'o', version: 1, steps: [{ command: 'site' }] }],
        },
      ).replace(/^# ctmgr: overlay o is left out.*\n/m, ''),
    );
    expect(build?.['post']?.slice(-3)).toEqual([
      'mkdir -p /.ctmgr-out/0',
      "ctmgr_put /x /.ctmgr-out/0/bin/ x '' ''",
      expect.stringContaining('rm -rf /.ctmgr'),
    ]);
    expect(last).toMatchObject({
      header: ['Bootstrap: scratch', 'Stage: stage-1'],
      '%files from b': ['/.ctmgr-out/0/ /'],
      '%files': ['c /etc/c'],
      labels: ['l m'],
      environment: ['export A="1"'],
    });
    expect(last).not.toHaveProperty('post');
  });

  test('their runscript is one that Apptainer runs by itself', () => {
    const script = (base: string) =>
      readSections(render(`FROM ${base}\nENTRYPOINT ["/x"]`)).find(({ name }) => name === 'runscript')?.text;
    expect(script('scratch')).toMatch(/^ {4}exec \/x "\$@"\neval "set \$\{SINGULARITY_OCI_RUN\}"\n/);
    expect(script('gcr.io/distroless/static:nonroot')).toContain('\neval "set');
    expect(script('gcr.io/distroless/base:debug')).not.toContain('eval');
  });

  test('an overlay that cannot run is told in the definition', () => {
    const overlays = [{ name: 'o', version: 1, steps: [{ command: 'site' }] }];
    expect(render('FROM scratch\nCOPY a /a', { files: ['a'], overlays })).toMatch(/^# ctmgr: overlay o is left out: /);
  });
});

describe('mounts of RUN', () => {
  test('are there while the command runs, in order, and go in reverse', () => {
    const { post = [] } = one(
      render('FROM a\nWORKDIR /w\nRUN --mount=type=cache,target=c,id=i --mount=type=tmpfs,target=/t make && x'),
    );
    expect(post.slice(1, -1)).toEqual([
      'ctmgr_mount /.ctmgr/cache-69 /w/c rw 755 0:0',
      'ctmgr_mount /.ctmgr/mount-1-1 /t rw 1777 0:0',
      "( cd /w && exec /bin/sh -c 'make && x' )",
      'ctmgr_unmount /.ctmgr/mount-1-1 /t',
      'ctmgr_unmount /.ctmgr/cache-69 /w/c keep',
    ]);
  });

  test('a bind mount waits at a place of its own', () => {
    const last = stages(render('FROM a AS b\nFROM a\nRUN --mount=from=b,source=/x,target=/y make')).at(-1);
    expect(last?.['%files from b']).toEqual(['/x /.ctmgr/from-0-0/0']);
    expect(last?.['post']?.slice(0, 4)).toEqual([
      "ctmgr_put /.ctmgr/from-0-0/0 /.ctmgr/mount-0-0 x '' ''",
      'ctmgr_mount /.ctmgr/mount-0-0 /y ro',
      'make',
      'ctmgr_unmount /.ctmgr/mount-0-0 /y',
    ]);
  });

  test('secrets are files that the build binds; one that is required is asked for', () => {
    const { setup, post = [] } = one(render('FROM a\nRUN --mount=type=secret,id=s,env=TOKEN,required make'));
    expect(setup).toEqual([
      'mkdir -p "$SINGULARITY_ROOTFS/.ctmgr/secrets"',
      ': >"$SINGULARITY_ROOTFS/.ctmgr/secrets/s"',
    ]);
    expect(post[0]).toMatch(
      /^\[ -s \/\.ctmgr\/secrets\/s \] \|\| \{ echo '.*--bind FILE:\/\.ctmgr\/secrets\/s' >&2; exit 1; \}$/,
    );
    expect(post.slice(1, 5)).toEqual(['( set +x', expect.stringContaining('export TOKEN'), 'make', ')']);
  });

  test('a script with #! is a file while it runs', () => {
    const { post = [] } = one(render('FROM a\nRUN <<EOF\n#!/bin/x\n%post\nEOF'));
    expect(post).toContain('/.ctmgr/script-0');
    expect(post.join('\n')).toContain("printf %s '#!/bin/x\n''%post");
  });
});

describe('built by apptainer build alone', () => {
  test('umask and /tmp are as in Docker, unless neither can matter', () => {
    const first = (text: string, files: string[] = []) => one(render(text, { alone: true, files }))['post']?.[0];
    expect(first('FROM a\nRUN make')).toBe('umask 022');
    expect(first('FROM a\nWORKDIR /x')).toBe('umask 022');
    expect(first('FROM a\nCOPY x /tmp/x', ['x'])).toBe('umask 022');
    expect(first('FROM a\nCOPY x /x\nRUN yum install -y gcc && yum clean all && rm -rf /var/cache/yum', ['x'])).toMatch(
      /^yum/,
    );
  });
});
