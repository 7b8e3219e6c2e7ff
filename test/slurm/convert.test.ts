import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { packageRoot } from '../../lib/config/paths.ts';
import { output } from './support/cluster.ts';
import { busybox } from './support/site.ts';

/** Definitions that `ctmgr convert` writes, built by Apptainer in a user namespace; what is expected is what Docker makes of them. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-convert-'));
  const files: Record<string, string> = {
    'src/a.txt': 'hello\n',
    'src/sub/b.c': 'x\n',
    'src/sub/skip.md': 'y\n',
    'app.conf': 'cfg\n',
    'tool.sh': '#!/bin/sh\n',
    'ignored.txt': 'no\n',
    '.dockerignore': 'ignored.txt\n*.log\n!keep.log\n',
    'x.log': 'l\n',
    'keep.log': 'k\n',
    'assets/d/two': 'two\n',
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, 'context', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: path === 'app.conf' ? 0o600 : path === 'tool.sh' ? 0o755 : 0o644 });
  }
  symlinkSync('a.txt', join(folder, 'context/src/link'));
  execFileSync('tar', ['-C', join(folder, 'context/assets'), '-czf', join(folder, 'context/assets.tgz'), 'd']);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Converts, builds on a node, and returns what the script prints there; the image is `$image`. */
async function build(dockerfile: string, script: string): Promise<string[]> {
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  writeFileSync(join(folder, 'config.toml'), '');
  const words = [
    'convert',
    join(folder, 'Dockerfile'),
    '--context',
    join(folder, 'context'),
    '--output',
    join(folder, 'out'),
  ];
  const env = { ...process.env, CTMGR_CONFIG: join(folder, 'config.toml') };
  execFileSync(join(packageRoot(), 'bin/ctmgr'), words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const archive = execFileSync('tar', ['-C', join(folder, 'out'), '-c', '.']).toString('base64');
  const remote = `set -e
d=$(mktemp -d /scratch/convert.XXXXXX); trap 'cd /; unshare --map-root-user --map-auto rm -rf "$d"' EXIT
export APPTAINER_NOHTTPS=true APPTAINER_CACHEDIR=$d/cache APPTAINER_TMPDIR=$d HOME=$d
mkdir $d/in; base64 -d | tar -x -C $d/in; cd $d/in
image=$d/image.sif; apptainer build --fakeroot $image recipe.def >$d/log 2>&1 || { tail -n 30 $d/log >&2; exit 1; }
inside() { apptainer --silent exec --contain --no-home --fakeroot $image "$@"; }
# Type, mode, owner, name.
list() { inside find "$@" -exec stat -c '%F %a %u:%g %n' {} + | sed 's/^regular //; s/^symbolic //' | sort -k 4; }
${script}`;
  const text = await output(['sh', '-c', remote], { user: 'ctmgr', node: 'b1', input: archive });
  return text.split('\n');
}

test('stages, mounts, here-documents, and files by all ways to copy them', async () => {
  const dockerfile = `ARG B=${busybox}
FROM \${B} AS base
ENV BASEV=1
RUN mkdir -p /opt/base && echo base > /opt/base/f && chmod 750 /opt/base && chown 5:6 /opt/base
FROM base AS build
WORKDIR /src
COPY src/ ./
COPY --chown=7:8 --chmod=640 app.conf conf/app.conf
RUN --mount=type=bind,source=src,target=/mnt/ctx --mount=type=cache,target=/root/.cache --mount=type=tmpfs,target=/scr \\
    echo cached > /root/.cache/c && cat /mnt/ctx/a.txt > from-bind && touch /scr/x && umask > um
RUN --mount=type=cache,target=/root/.cache cat /root/.cache/c > from-cache
RUN <<EOS
mkdir -p out/lib
echo so > out/lib/libx.so.1
chown 9:9 out/lib/libx.so.1
ln -s libx.so.1 out/lib/libx.so
echo no > out/lib/readme
echo dot > out/.dot
EOS
RUN <<EOF
#!/bin/cat
script
EOF
FROM base
COPY --from=build /src/out/lib/*.so* /usr/lib/x/
COPY --from=build /src/out /opt/base
COPY --from=build /src/from-bind /src/from-cache /src/um /res/
COPY --from=1 /src/conf /etc/conf
COPY --from=${busybox} /bin/busybox /bb
COPY --chmod=0700 <<one <<-"two" /inl/
$BASEV \\$X {{x}}
%post
one
	tab $BASEV
two
ADD assets.tgz app.conf /add/
COPY . /all/
COPY --exclude=*.md --exclude=sub/*.c src /ex
COPY --parents src/sub/*.c src/./sub/*.md /par/
VOLUME /data
WORKDIR /w
RUN umask > place; pwd >> place; echo "$BASEV \${HERE-unset}" >> place; HERE=1
USER 12:13
WORKDIR /home/x/y
ENTRYPOINT ["/bin/sh", "-c", "echo \\"$0\\" \\"$@\\"", "zero"]
CMD ["c  1", "$X"]
`;
  const lines = await build(
    dockerfile,
    `list /usr/lib/x /opt/base /res /etc/conf /bb /inl /add /par /ex /all /data /home
echo; inside sh -c 'cat /res/* /inl/* /w/place /opt/base/f; ls -d /src /.ctmgr /scr 2>/dev/null || echo none'
echo; apptainer --silent run $image; apptainer --silent run $image 'a  b' '$H'`,
  );
  const [tree = [], texts, runs] = lines
    .join('\n')
    .split('\n\n')
    .map((part) => part.split('\n'));
  expect(tree).toEqual([
    'directory 755 0:0 /add',
    'file 600 0:0 /add/app.conf',
    'directory 755 0:0 /add/d',
    'file 644 0:0 /add/d/two',
    'directory 755 0:0 /all',
    'file 644 0:0 /all/.dockerignore',
    'file 600 0:0 /all/app.conf',
    'directory 755 0:0 /all/assets',
    'file 644 0:0 /all/assets.tgz',
    'directory 755 0:0 /all/assets/d',
    'file 644 0:0 /all/assets/d/two',
    'file 644 0:0 /all/keep.log',
    'directory 755 0:0 /all/src',
    'file 644 0:0 /all/src/a.txt',
    'link 777 0:0 /all/src/link',
    'directory 755 0:0 /all/src/sub',
    'file 644 0:0 /all/src/sub/b.c',
    'file 644 0:0 /all/src/sub/skip.md',
    'file 755 0:0 /all/tool.sh',
    'file 755 0:0 /bb',
    'directory 755 0:0 /data',
    'directory 755 0:0 /etc/conf',
    'file 640 7:8 /etc/conf/app.conf',
    'directory 755 0:0 /ex',
    'file 644 0:0 /ex/a.txt',
    'link 777 0:0 /ex/link',
    'directory 755 0:0 /ex/sub',
    'file 644 0:0 /ex/sub/skip.md',
    'directory 755 0:0 /home',
    'directory 755 12:13 /home/x',
    'directory 755 12:13 /home/x/y',
    'directory 755 0:0 /inl',
    'file 700 0:0 /inl/one',
    'file 700 0:0 /inl/two',
    'directory 750 5:6 /opt/base',
    'file 644 0:0 /opt/base/.dot',
    'file 644 0:0 /opt/base/f',
    'directory 755 0:0 /opt/base/lib',
    'link 777 0:0 /opt/base/lib/libx.so',
    'file 644 9:9 /opt/base/lib/libx.so.1',
    'file 644 0:0 /opt/base/lib/readme',
    'directory 755 0:0 /par',
    'directory 755 0:0 /par/src',
    'directory 755 0:0 /par/src/sub',
    'file 644 0:0 /par/src/sub/b.c',
    'directory 755 0:0 /par/sub',
    'file 644 0:0 /par/sub/skip.md',
    'directory 755 0:0 /res',
    'file 644 0:0 /res/from-bind',
    'file 644 0:0 /res/from-cache',
    'file 644 0:0 /res/um',
    'directory 755 0:0 /usr/lib/x',
    'file 644 9:9 /usr/lib/x/libx.so',
    'file 644 9:9 /usr/lib/x/libx.so.1',
  ]);
  expect(texts).toEqual([
    'hello',
    'cached',
    '0022',
    '1 $X {{x}}',
    '%post',
    'tab $BASEV',
    '0022',
    '/w',
    '1 unset',
    'base',
    'none',
  ]);
  expect(runs).toEqual(['zero c  1 $X', 'zero a  b $H']);
});

test('an image from scratch, which has no shell', async () => {
  const dockerfile = `FROM ${busybox} AS b
RUN mkdir -p /out/etc /out/d/e && cp /bin/busybox /out/echo && echo p > /out/etc/p && chown 3:4 /out/etc/p && ln -s p /out/etc/lp
FROM scratch
COPY --from=b /out/echo /bin/
COPY --from=b /out/etc /etc
COPY --from=b --chown=21:22 --chmod=640 /out/etc/lp /x/
COPY --from=b /out/d /d
COPY tool.sh /t/
COPY src/sub /s/
ENV E="a b"
WORKDIR /x
LABEL a.b="c d"
ENTRYPOINT ["/bin/echo"]
CMD ["hi", "there  $E"]
`;
  const lines = await build(
    dockerfile,
    `apptainer --silent run $image; apptainer --silent run $image 'a  b' c
apptainer inspect $image | grep '^a.b:'
cd $d; offset=$(apptainer sif list $image | awk -F '|' '/FS/ { split($4, at, "-"); print at[1] + 0 }')
unsquashfs -o $offset -lln $image | awk '{ print $1, $2, $6, $7, $8 }' | grep -E '/(bin|etc|x|d|t|s)(/|$)|/(bin|etc|x|d|t|s) ' | sed 's#squashfs-root##'`,
  );
  expect(lines.map((line) => line.trim())).toEqual([
    'hi there  $E',
    'a  b c',
    'a.b: c d',
    'drwxr-xr-x 0/0 /bin',
    '-rwxr-xr-x 0/0 /bin/echo',
    'drwxr-xr-x 0/0 /d',
    'drwxr-xr-x 0/0 /d/e',
    'drwxr-xr-x 0/0 /etc',
    '-rw-r--r-- 0/0 /etc/hosts',
    'lrwxrwxrwx 0/0 /etc/lp -> p',
    '-rw-r--r-- 3/4 /etc/p',
    '-rw-r--r-- 0/0 /etc/resolv.conf',
    'drwxr-xr-x 0/0 /s',
    '-rw-r--r-- 0/0 /s/b.c',
    '-rw-r--r-- 0/0 /s/skip.md',
    'drwxr-xr-x 0/0 /t',
    '-rwxr-xr-x 0/0 /t/tool.sh',
    'drwxr-xr-x 21/22 /x',
    '-rw-r----- 21/22 /x/lp',
  ]);
});
