import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import yargs from 'yargs';

import type { Answer, Context } from '../commands/context.ts';
import { packageRoot } from '../config/paths.ts';
import { reaches } from '../config/rights.ts';
import { type CommandSpec, wordsOf } from './command-spec.ts';
import { allCommands, listingOptions } from './parser.ts';

/** `ctmgr completion SHELL`: a script for the shell to read: everything that the caller may call, as it is now. */
export async function run({ shell }: { shell: 'bash' | 'zsh' }, context: Context): Promise<Answer> {
  const specs = allCommands.filter((spec) => reaches(context.caller.level, spec.level));
  const images = await readFile(join(packageRoot(), 'spank', `completion.${shell}`), 'utf8');
  return {
    kind: 'text',
    text: `${images}\n${(shell === 'bash' ? bashScript : zshScript)(specs, await branches(specs))}`,
  };
}

/** The commands, and of each group its verbs: `overlay` and `overlay add`. */
function firstWords(specs: readonly CommandSpec[]): string[] {
  return [...new Set(specs.flatMap((spec) => [wordsOf(spec)[0] ?? '', ...(spec.aliases ?? [])]))].sort();
}

function verbs(specs: readonly CommandSpec[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const spec of specs) {
    const [group = '', verb] = wordsOf(spec);
    if (verb !== undefined) found.set(group, [...(found.get(group) ?? []), verb]);
  }
  return found;
}

async function optionsOf(spec: CommandSpec): Promise<string> {
  const bare = yargs().help(false).version(false);
  const own = spec.options?.(bare) ?? bare;
  const found = await (spec.listing === true ? listingOptions(own) : own).getCompletion(['--']);
  return ['--help', '--json', ...found.filter((word) => word.length > 3)].join(' ');
}

/** True for commands whose first argument is an image or a recipe. */
function takesImage(spec: CommandSpec): boolean {
  const [group = ''] = wordsOf(spec);
  return /[<[](image|name|names\.\.)[>\]]/.test(spec.usage) && !['overlay', 'base', 'bench'].includes(group);
}

/** `case` branches that set what the two shells' functions go by; both read the same words. */
async function branches(specs: readonly CommandSpec[]): Promise<string> {
  const lines = specs.map(async (spec) => {
    const names = [wordsOf(spec).join(' '), ...(spec.aliases ?? [])].map((name) => `'${name}'`).join(' | ');
    return `        ${names}) options='${await optionsOf(spec)}'${takesImage(spec) ? ' images=yes' : ''} ;;`;
  });
  return (await Promise.all(lines)).join('\n');
}

function groupBranches(specs: readonly CommandSpec[]): string {
  return [...verbs(specs)].map(([group, words]) => `        ${group}) verbs='${words.join(' ')}' ;;`).join('\n');
}

function bashScript(specs: readonly CommandSpec[], options: string): string {
  return `_ctmgr() {
    local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]-} verbs='' options='' images=no
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W '${firstWords(specs).join(' ')}' -- "$word")
        return
    fi
    case $command in
${groupBranches(specs)}
    esac
    if [[ -n $verbs ]] && ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
        return
    fi
    [[ -z $verbs ]] || command+=" \${COMP_WORDS[2]-}"
    case $command in
${options}
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    elif [[ $images == yes ]]; then
        _ctmgr_images "$word"
    fi
}
complete -o default -F _ctmgr ctmgr
`;
}

function zshScript(specs: readonly CommandSpec[], options: string): string {
  return `_ctmgr() {
    local command=\${words[2]-} verbs='' options='' images=no
    if ((CURRENT == 2)); then
        compadd -- ${firstWords(specs).join(' ')}
        return
    fi
    case $command in
${groupBranches(specs)}
    esac
    if [[ -n $verbs ]] && ((CURRENT == 3)); then
        compadd -- \${=verbs}
        return
    fi
    [[ -z $verbs ]] || command+=" \${words[3]-}"
    case $command in
${options}
    esac
    if [[ \${words[CURRENT]} == -* ]]; then
        compadd -- \${=options}
    elif [[ $images == yes ]]; then
        _ctmgr_images
    else
        _default
    fi
}
compdef _ctmgr ctmgr
`;
}
