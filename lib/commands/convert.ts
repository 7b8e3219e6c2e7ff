import { convertFile } from '../definitions/convert-file.ts';
import { requirePlatform } from '../definitions/platform.ts';
import { readBuildArgs } from './build-args.ts';
import { shellQuote } from '../util/shell-quote.ts';
import type { Answer, Context } from './context.ts';

interface Arguments {
  dockerfile: string;
  context?: string;
  'build-arg': string[];
  target?: string;
  platform?: string;
  'base-config'?: string;
  'pull-config': boolean;
  strict: boolean;
  output?: string;
  json?: boolean;
}

/** `ctmgr convert`: a Dockerfile becomes a definition file, or with `--json` the plan that it stands for. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const converted = await convertFile(
    {
      dockerfile: argv.dockerfile,
      context: argv.context,
      buildArgs: readBuildArgs(argv['build-arg']),
      target: argv.target,
      platform: argv.platform,
      baseConfig: argv['base-config'],
      pullConfig: argv['pull-config'],
      strict: argv.strict,
      output: argv.output,
    },
    argv.json === true ? 'plan' : 'definition',
    context.config,
    context.interrupted,
  );
  if ('document' in converted) return { kind: 'record', record: { ...converted.document }, text: '' };
  for (const { line, code, message } of converted.warnings) {
    context.terminal.say(`ctmgr: ${line > 0 ? `line ${line}: ` : ''}${message} [${code}]`);
  }
  if (argv.output === undefined) return { kind: 'text', text: converted.definition };
  const build = `apptainer build --fakeroot${architectureOption(argv.platform)} ../image.sif recipe.def`;
  return {
    kind: 'text',
    text: `Wrote ${argv.output}.\nNext: cd ${shellQuote(argv.output)} && ${build}\n`,
  };
}

function architectureOption(platform: string | undefined): string {
  return platform === undefined ? '' : ` --arch ${requirePlatform(platform).architecture}`;
}
