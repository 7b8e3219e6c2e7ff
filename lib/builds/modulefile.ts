import type { CatalogueImage } from './catalogue-format.ts';

/** Languages of environment modules: Tcl for Environment Modules and Lmod, Lua for Lmod alone. */
export type ModuleFormat = 'tcl' | 'lua';

/** What the doors read (the README's user guide): each of Slurm's three commands has its own. */
const variables = ['SRUN_CONTAINER', 'SBATCH_CONTAINER', 'SALLOC_CONTAINER'];

const marker = 'Made by ctmgr modules, which writes it anew: changes are lost.';

/** Name of an image's modulefile in its folder. */
export function modulefileName(name: string, format: ModuleFormat): string {
  return format === 'lua' ? `${name}.lua` : name;
}

/** True for the text of a modulefile that ctmgr has made, in either language. */
export function isOwnModulefile(text: string): boolean {
  return text.startsWith(`#%Module1.0\n# ${marker}\n`) || text.startsWith(`-- ${marker}\n`);
}

/**
 * A modulefile that makes srun, sbatch and salloc run in an image. It names the image and not a build, so that it stays right after
 * a rebuild. Names and tags are letters, digits and `. _ -`: nothing in here needs quotes. Only one such module can be loaded
 * at once: family, which Environment Modules know since 5.1 (modulefile(4)) and refuse, and by which Lmod replaces the first.
 */
export function renderModulefile({ name, tag }: Pick<CatalogueImage, 'name' | 'tag'>, format: ModuleFormat): string {
  const what = `container image ${name}, ${tag} or newer`;
  const help = [
    `Runs what srun, sbatch and salloc start in the container image ${name}:`,
    '  srun COMMAND [ARGUMENT...]',
    `Details and other builds of it: ctmgr show ${name}, ctmgr history ${name}`,
  ];
  if (format === 'lua') {
    return [
      `-- ${marker}`,
      `help([[${help.join('\n')}]])`,
      `whatis("Name: ${name}")`,
      `whatis("Version: ${tag}")`,
      `whatis("Description: ${what}")`,
      'family("ctmgr")',
      ...variables.map((variable) => `setenv("${variable}", "${name}")`),
      '',
    ].join('\n');
  }
  return [
    '#%Module1.0',
    `# ${marker}`,
    'proc ModulesHelp { } {',
    ...help.map((line) => `    puts stderr {${line}}`),
    '}',
    `module-whatis {${what}}`,
    'if {[llength [info commands family]] > 0} { family ctmgr }',
    ...variables.map((variable) => `setenv ${variable} ${name}`),
    '',
  ].join('\n');
}
