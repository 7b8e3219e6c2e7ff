import type { Argv } from 'yargs';

/** How a Dockerfile is read: for what imports, verifies or converts one. `pull`: whether registries are asked by default. */
export function dockerfileOptions(yargs: Argv, pull: boolean): Argv {
  return yargs
    .option('context', { type: 'string', requiresArg: true, describe: 'Folder that COPY and ADD read from' })
    .option('build-arg', { type: 'string', array: true, nargs: 1, default: [], describe: 'K=V for an ARG' })
    .option('target', { type: 'string', requiresArg: true, describe: 'Stage to build; the last one by default' })
    .option('platform', {
      type: 'string',
      requiresArg: true,
      describe: `Such as linux/arm64; that of ${pull ? 'the build node' : 'this machine'} by default`,
    })
    .option('base-config', {
      type: 'string',
      requiresArg: true,
      describe: 'File with what skopeo inspect --config says of the base image',
    })
    .option('pull-config', {
      type: 'boolean',
      default: pull,
      describe: `Ask the registry what the base image sets${pull ? '; --no-pull-config does not' : ' (no layer is read)'}`,
    })
    .option('strict', { type: 'boolean', default: false, describe: 'Refuse what would only be warned about' });
}
