import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copyFunctions } from '../../lib/definitions/copy-functions.ts';
import { mountFunctions } from '../../lib/definitions/mount-functions.ts';

/** The functions for `%post`, in real shells, with a folder of the test in place of the root. */
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctmgr-copy-'));
});
afterEach(() => {
  execFileSync('chmod', ['-R', 'u+rwX', root]);
  rmSync(root, { recursive: true });
});

const shells = [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']].filter(
  ([program = '']) => spawnSync(program, ['-c', ':'].slice(program === 'busybox' ? 2 : 0)).error === undefined,
);

test('dash and bash are there', () => {
  expect(shells.length).toBeGreaterThanOrEqual(3);
});

describe.each(shells)('%s %s', (program, ...flags: (string | undefined)[]) => {
  /** Runs a script as `%post` would; paths that begin with `@` are in the test's folder. */
  function post(script: string): { status: number | null; stderr: string } {
    const functions = `${copyFunctions}\n${mountFunctions}\n`.replaceAll('/.ctmgr', `${root}/.ctmgr`);
    const placed = `umask 022\n${functions}${script.replaceAll(/@(?=\/|$|[ ;])/gm, root)}`;
    const words = [...flags.filter((flag) => flag !== undefined), '-e', '-c', placed];
    const { status, stderr } = spawnSync(program, words, { cwd: root, encoding: 'utf8' });
    return { status, stderr };
  }

  /** Path, kind (d, f or l), mode, and what a link says, of everything but our own folder. */
  function tree(): string[] {
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('.ctmgr'))
      .map((path) => {
        const file = lstatSync(join(root, path));
        const mode = (file.mode & 0o7777).toString(8);
        if (file.isSymbolicLink()) return `${path} l ${mode} ${readlinkSync(join(root, path))}`;
        return `${path} ${file.isDirectory() ? 'd' : file.isFile() ? 'f' : '?'} ${mode}`;
      })
      .sort();
  }

  const staged =
    'mkdir -p @/.ctmgr/s/d; cd @/.ctmgr/s; echo f >f; ln -s f link; echo h >.hid; echo x >d/x; chmod 600 f; chmod 710 d; cd @\n';

  test('a file goes to a name, into a directory that is there, or into one that is named', () => {
    post(
      `${staged}ctmgr_copy=1; mkdir old; ctmgr_put @/.ctmgr/s/f @/a/b c '' ''; ctmgr_put @/.ctmgr/s/f @/old c '' ''; ctmgr_put @/.ctmgr/s/f @/new/ c '' ''`,
    );
    expect(tree()).toEqual(['a d 755', 'a/b f 600', 'new d 755', 'new/c f 600', 'old d 755', 'old/c f 600']);
  });

  test('of a directory its contents are copied; a new one is an ordinary directory, an old one stays as it is', () => {
    post(
      `${staged}ctmgr_copy=1; mkdir old; chmod 701 old; echo z >old/z; ctmgr_put @/.ctmgr/s/d @/new d '' ''; ctmgr_put @/.ctmgr/s @/old s '' ''`,
    );
    expect(tree()).toEqual([
      'new d 755',
      'new/x f 644',
      'old d 701',
      'old/.hid f 644',
      'old/d d 710',
      'old/d/x f 644',
      'old/f f 600',
      'old/link l 777 f',
      'old/z f 644',
    ]);
  });

  test('what is there is replaced, never written through; a directory does not become a file', () => {
    expect(
      post(`${staged}echo keep >t; ln -s t f; mkdir d; ln -s ../t d/x; ctmgr_put @/.ctmgr/s @ s '' ''; cat t`).status,
    ).toBe(0);
    expect(tree()).toEqual(['.hid f 644', 'd d 710', 'd/x f 644', 'f f 600', 'link l 777 f', 't f 644']);
    expect(
      post(`mkdir -p @/.ctmgr/u; echo d >@/.ctmgr/u/d; ctmgr_put @/.ctmgr/u @ u '' ''; touch @/reached`),
    ).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is a directory and would become a file'),
    });
    expect(tree()).not.toContain('reached f 644');
  });

  test('hard links stay, also where directories join', () => {
    post(
      `mkdir -p @/.ctmgr/h/d @/to/d; cd @/.ctmgr/h; echo 1 >a; ln a b; ln a d/c; cd @; ctmgr_put @/.ctmgr/h @/to h '' ''; find to -type f -links 3 | wc -l >count; rm -r to`,
    );
    expect(readFileSync(join(root, 'count'), 'utf8').trim()).toBe('3');
  });

  test('a mode holds for all that is copied, not for the folders above', () => {
    post(`${staged}ctmgr_put @/.ctmgr/s @/p/q s '' 750`);
    expect(tree()).toEqual([
      'p d 755',
      'p/q d 755',
      'p/q/.hid f 750',
      'p/q/d d 750',
      'p/q/d/x f 750',
      'p/q/f f 750',
      'p/q/link l 777 f',
    ]);
  });

  test('mode and owner do not change what is copied from a stage itself', () => {
    post(`mkdir in; echo x >in/x; ctmgr_put @/in @/.ctmgr/out/to in '' 700; mv @/.ctmgr/out @/out`);
    expect(tree()).toEqual(['in d 755', 'in/x f 644', 'out d 755', 'out/to d 755', 'out/to/x f 700']);
  });

  test('patterns match dot files and each component; a link is followed, but not out of what is copied', () => {
    post(
      `${staged}ctmgr_each @/.ctmgr/s @/a/ '' '' '*'; ctmgr_each @/.ctmgr/s @/b/ '' '' '[c-e]' '?'; ctmgr_each @/.ctmgr/s @/c/ '' '' 'no*'; ctmgr_each @/.ctmgr/s @/e/ '' '' '[!.]*k'`,
    );
    expect(tree()).toEqual([
      'a d 755',
      'a/.hid f 644',
      'a/f f 600',
      'a/link f 600',
      'a/x f 644',
      'b d 755',
      'b/x f 644',
      'e d 755',
      'e/link f 600',
    ]);
    expect(
      post(`ln -s /etc/passwd @/.ctmgr/s/out; ctmgr_each @/.ctmgr/s @/d/ '' '' 'o*'; touch @/reached`),
    ).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('leads out of what is copied'),
    });
    expect(post(`ctmgr_put @/.ctmgr/s/nope @/d nope '' ''`).status).toBe(1);
  });

  test('names with blanks, line breaks, dashes and pattern characters', () => {
    post(
      `mkdir -p @/.ctmgr/n; cd @/.ctmgr/n; touch -- '-rf' 'a  b' '*' '..x' "l\nm" '$HOME'; cd @; ctmgr_put @/.ctmgr/n @/o n '' ''`,
    );
    expect(
      execFileSync('ls', ['-A1b', join(root, 'o')], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }),
    ).toBe('$HOME\n*\n-rf\n..x\na\\ \\ b\nl\\nm\n');
  });

  test('without mounts, what is moved there covers what is there and leaves no trace', () => {
    const { stderr } =
      post(`ctmgr_host() { exit 1; }; me=$(id -u):$(id -g); echo b >base; mkdir -p t/old @/.ctmgr/b; echo x >@/.ctmgr/b/x
      ctmgr_mount @/.ctmgr/a @/t rw 1777 "$me"; touch t/gone; ctmgr_unmount @/.ctmgr/a @/t
      ctmgr_mount @/.ctmgr/b @/n/m ro; cp n/m/x @/seen; ctmgr_unmount @/.ctmgr/b @/n/m
      echo m >@/.ctmgr/d; ctmgr_mount @/.ctmgr/d @/base ro; cat base >>seen; ctmgr_unmount @/.ctmgr/d @/base
      ctmgr_mount @/.ctmgr/c @/u/v/w rw 700 "$me"; touch u/v/w/x u/stays; ctmgr_unmount @/.ctmgr/c @/u/v/w keep; ls @/.ctmgr/c/x`);
    expect(stderr).toMatch(
      /^(ctmgr: this build cannot mount: .*\/(n\/m|base) can be written to, and what is written is lost\n){2}$/,
    );
    expect(tree()).toEqual(['base f 644', 'seen f 644', 't d 755', 't/old d 755', 'u d 755', 'u/stays f 644']);
  });

  test('a secret that is not given is not there', () => {
    post(`mkdir -p @/.ctmgr; echo key >@/.ctmgr/k; : >@/.ctmgr/none; me=$(id -u):$(id -g)
      ctmgr_secret @/.ctmgr/k @/k 400 "$me"; ctmgr_secret @/.ctmgr/none @/n 400 "$me"`);
    expect(tree()).toEqual(['k f 400']);
  });
});
