import { type CommandSpec, wordsOf } from './command-spec.ts';
import { makeContext } from './make-context.ts';
import { formatAnswer, toJson, writeOutput } from './output.ts';
import { type Call, findSpec, parseCommandLine } from './parser.ts';
import { describeError } from './report-error.ts';
import type { Answer, CommandModule, Context } from '../commands/context.ts';
import { defaultConfigPath, type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { ownVersion } from '../config/own-version.ts';
import { type Caller, identifyCaller, reaches, whoHas } from '../config/rights.ts';
import { CtmgrError } from '../util/errors.ts';

/** Runs one command line and returns the exit status: the only place where every error ends. */
export async function runCommandLine(words: string[]): Promise<number> {
  // What ctmgr writes is read by others on other machines, whatever the caller's umask hides.
  process.umask(0o022);
  const version = ownVersion();
  try {
    // What is asked for first when something is broken.
    if (words.length === 1 && words[0] === '--version') {
      await writeOutput(`${version}\n`);
      return 0;
    }
    const loaded = loadConfig();
    const caller = identifyCaller(loaded.config);
    refuseAboveLevel(words, caller, loaded);
    const parsed = await parseCommandLine(words, caller.level, version);
    if (parsed.kind === 'text') {
      await writeOutput(parsed.text);
      return 0;
    }
    refuseMissingConfig(parsed.call.spec, loaded);
    return await runCall(parsed.call, loaded, caller);
  } catch (error) {
    const report = describeError(error, version);
    process.stderr.write(report.text);
    // Standard output may be what failed; the error has been told already.
    if (words.includes('--json')) await writeOutput(toJson(report.json)).catch(() => false);
    return report.exitCode;
  }
}

/** Commands that are good without a configuration, or make one. */
const withoutConfig = ['init', 'convert', 'completion', 'doctor'];

/** Refuses a file that CTMGR_CONFIG names and that is not there: with the defaults another site than the one that was meant would be changed. */
function refuseMissingConfig(spec: CommandSpec, { path, exists }: LoadedConfig): void {
  if (exists || path === defaultConfigPath || withoutConfig.includes(wordsOf(spec)[0] ?? '')) return;
  throw new CtmgrError('configuration', `there is no configuration ${path}`, {
    why: 'CTMGR_CONFIG names it',
    hint: 'correct CTMGR_CONFIG, or unset it',
  });
}

async function runCall(call: Call, loaded: LoadedConfig, caller: Caller): Promise<number> {
  const { context, release } = makeContext(loaded, caller);
  try {
    const answer = await (await loadCommand(call))(call.argv, context);
    const { argv } = call;
    const format = argv['format'];
    const text = formatAnswer(answer, {
      json: argv['json'] === true,
      parsable: argv['parsable2'] === true,
      header: argv['noheader'] !== true,
      terminal: process.stdout.isTTY,
      ...(typeof format === 'string' ? { format } : {}),
    });
    await writeOutput(text);
    if (answer.kind === 'table' && answer.records.length === 0 && answer.empty !== undefined) {
      context.terminal.say(answer.empty);
    }
    return answer.exitCode ?? 0;
  } finally {
    await release();
  }
}

/** The parser has checked the arguments against the spec, which is all that a module's own type says. */
async function loadCommand(call: Call): Promise<(argv: unknown, context: Context) => Promise<Answer>> {
  const module = (await call.spec.load()) as CommandModule<unknown>;
  return (argv, context) => module.run(argv, context);
}

function refuseAboveLevel(words: string[], caller: Caller, loaded: LoadedConfig): void {
  const spec = findSpec(words);
  if (spec === undefined || reaches(caller.level, spec.level)) return;
  const name = spec.usage.split(' ').filter((word) => !/^[<[]/.test(word));
  throw new CtmgrError('notAllowed', `\`ctmgr ${name.join(' ')}\` is for ${whoHas(spec.level, loaded.config)}`);
}
