import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, exec, output, required } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;
let folder: string;

/** `hello` for everybody and `secret` for projx, where alice is and bob is not. */
beforeAll(async () => {
  site = await makeSite();
  folder = `${site.inputs}/modules`;
  await required(site.import('hello', `FROM ${busybox}\n`));
  await required(site.import('secret', `FROM ${busybox}\n`, {}, ['--group', 'projx']));
  await required(site.ctmgr(['rebuild', '--wait']));
  await output(['install', '-d', folder]);
  await output(['install', '-d', '-m', '2750', '-g', 'projx', `${folder}-projx`]);
});

afterAll(async () => {
  await site.remove();
});

const modules = (...words: string[]): Promise<Ended> => site.ctmgr(['modules', ...words]);

describe('ctmgr modules', () => {
  it('writes Tcl that is Tcl, for the images of everybody', async () => {
    expect((await required(modules(folder))).stdout).toMatch(/^1 modulefile written, 0 unchanged, 0 removed/);
    expect(await output(['ls', folder])).toBe('hello');
    const script = `foreach command {module-whatis setenv family} { proc $command args "puts \\"$command \\$args\\"" }
source ${folder}/hello; ModulesHelp`;
    const { code, stdout, stderr } = await exec(['tclsh'], { input: script });
    expect({ code, lines: stdout.split('\n') }).toEqual({
      code: 0,
      lines: [
        expect.stringMatching(/^module-whatis \{container image hello, 20/),
        'family ctmgr',
        'setenv SRUN_CONTAINER hello',
        'setenv SBATCH_CONTAINER hello',
        'setenv SALLOC_CONTAINER hello',
        '',
      ],
    });
    expect(stderr).toContain('  srun COMMAND [ARGUMENT...]\n');
  });

  it('writes Lua that is Lua, for the images of a group into its folder only', async () => {
    const refused = await modules(folder, 'secret');
    expect(refused).toMatchObject({ code: 77, stderr: expect.stringContaining('-g projx') });
    await required(modules(`${folder}-projx`, '--format=lua'));
    expect(await output(['ls', `${folder}-projx`])).toBe('secret.lua');
    const script = `for _, name in ipairs({"help", "whatis", "family", "setenv"}) do
  _G[name] = function(...) print(name, ...) end end
dofile("${folder}-projx/secret.lua")`;
    const { code, stdout } = await exec(['lua', '-'], { input: script, user: 'alice' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^help\tRuns .*\n {2}srun COMMAND \[ARGUMENT...\]\n(.*\n)*setenv\tSRUN_CONTAINER\tsecret\n/);
  });

  it('names the image for srun', async () => {
    const load = `setenv() { export "$1=$2"; }; eval "$(grep '^setenv' ${folder}/hello)"; srun -Q sh -c 'echo $CTMGR_CONTAINER'`;
    expect(await output(['sh', '-c', load], { user: 'alice', env: site.env })).toBe('hello');
  });
});

describe('zsh', () => {
  /** What a line has become after TAB at its end, typed into a zsh with a terminal. */
  async function completed(user: string, ...lines: string[]): Promise<string[]> {
    const inner = [
      'PS1=; autoload -Uz compinit; compinit -u -D',
      '_slurm() { compadd -- partition }; compdef _slurm srun',
      'eval "$(ctmgr completion zsh)"',
      'report() { print -r -- "<$BUFFER>"; BUFFER= }; zle -N report; bindkey "^G" report',
      'print ready',
    ].join('\n');
    const rc = `${site.inputs}/zshrc`;
    await site.write(rc, `${inner}\n`);
    const script = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "source ${rc}"
zpty -r z text '*ready*'
for line; do zpty -w -n z "$line"$'\\t\\a'; zpty -r z text '*<*>*'; print -r -- "$\{$\{text##*<}%%>*}"; done`;
    const words = ['timeout', '60', 'zsh', '-f', '-c', script, 'zsh', ...lines];
    const { stdout } = await required(exec(words, { user, env: site.env }));
    return stdout.trimEnd().split('\n');
  }

  it('completes names of images after --container, verbs of ctmgr, and leaves the rest to Slurm’s own', async () => {
    const lines = [
      'srun --container=he',
      'sbatch --container s',
      'srun part',
      'ctmgr hist',
      'ctmgr show he',
      'ctmgr list --al',
    ];
    expect(await completed('alice', ...lines)).toEqual([
      'srun --container=hello ',
      'sbatch --container secret ',
      'srun partition ',
      'ctmgr history ',
      'ctmgr show hello ',
      'ctmgr list --all',
    ]);
    expect(await completed('bob', 'sbatch --container s')).toEqual(['sbatch --container s']);
  });
});
