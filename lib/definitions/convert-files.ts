import { posix } from 'node:path';
import { quote } from '../util/names.ts';
import { readStringArray } from './convert-commands.ts';
import { expandLiteral, obstruct, refuse, type Stage, warn } from './dockerfile-stage.ts';
import { commitHash, type GitSource, GitSourceError, isGitSource, needsKey, readGitSource } from './git-source.ts';
import { chompTabs, readHeredocWord } from './find-heredocs.ts';
import { flagSet, flagValue, type Instruction } from './read-instructions.ts';
import type { CopyStep } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { splitBlanks } from './split-words.ts';

/** What COPY and ADD steps have in common with the whole instruction. */
type Common = Omit<CopyStep, 'sources' | 'inline' | 'remote'>;

/** COPY and ADD: one step for files, then one for here-documents; one for each URL and git repository. */
export function convertCopy(stage: Stage, instruction: Instruction): void {
  const words = readStringArray(instruction) ?? splitBlanks(instruction.args);
  const last = words.at(-1);
  if (last === undefined || words.length < 2) throw refuse(instruction, 'syntax', 'needs source and destination');
  const common = readCommon(stage, instruction, expandLiteral(stage, instruction, last));
  const texts = [...instruction.heredocs];
  const inline: NonNullable<CopyStep['inline']> = [];
  let files: string[] = [];
  const pushFiles = () => {
    if (files.length > 0) stage.steps.push({ ...common, sources: files });
    files = [];
  };
  for (const word of words.slice(0, -1)) {
    if (texts.length > 0 && readHeredocWord(word)) {
      const heredoc = texts.shift();
      if (!heredoc) continue;
      const text = chompTabs(heredoc);
      const plain = { escape: '\\', keepQuotes: true };
      inline.push({ name: heredoc.name, text: heredoc.expand ? expandLiteral(stage, instruction, text, plain) : text });
      continue;
    }
    const source = expandLiteral(stage, instruction, word);
    const remote = common.add ? remoteKind(source) : undefined;
    if (source === '') obstruct(stage, instruction, 'source', 'a source is empty', 'check the variables in it');
    if (!remote) files.push(source);
    else {
      pushFiles();
      stage.steps.push({ ...common, sources: [source], remote });
      if (remote === 'git') checkGit(stage, instruction, source, common);
      else if (common.checksum === undefined)
        warn(
          stage,
          instruction,
          'url-unchecked',
          `${showWord(source)} has no --checksum: each build may get another file`,
        );
    }
  }
  pushFiles();
  if (inline.length > 0) stage.steps.push({ ...common, sources: inline.map(({ name }) => name), inline });
}

function readCommon(stage: Stage, instruction: Instruction, destination: string): Common {
  const { line, text, flags } = instruction;
  const from = flagValue(instruction, 'from');
  const common: Common = {
    kind: 'copy',
    line,
    instruction: text,
    add: instruction.keyword === 'ADD',
    destination: resolveDestination(stage, instruction, destination),
  };
  if (from !== undefined) common.from = stage.file.findImage(stage, instruction, from);
  for (const name of ['chown', 'chmod', 'checksum'] as const) {
    const value = expandLiteral(stage, instruction, flagValue(instruction, name) ?? '');
    // An empty one is as good as none, for BuildKit too.
    if (value !== '') common[name] = value;
  }
  const exclude = flags.filter(({ name }) => name === 'exclude');
  if (exclude.length > 0) common.exclude = exclude.map(({ value = '' }) => expandLiteral(stage, instruction, value));
  if (flagSet(instruction, 'parents')) common.parents = true;
  if (flags.some(({ name }) => name === 'keep-git-dir')) common.keepGitDir = flagSet(instruction, 'keep-git-dir');
  if (flags.some(({ name }) => name === 'unpack')) common.unpack = flagSet(instruction, 'unpack');
  return common;
}

function remoteKind(source: string): CopyStep['remote'] | undefined {
  if (isGitSource(source)) return 'git';
  return /^https?:\/\//i.test(source) ? 'url' : undefined;
}

/** What a git source says against the flags, and that a branch or tag alone may be another commit tomorrow. */
function checkGit(stage: Stage, instruction: Instruction, source: string, common: Common): void {
  let git: GitSource;
  try {
    git = readGitSource(source);
  } catch (error) {
    if (!(error instanceof GitSourceError)) throw error;
    throw refuse(instruction, 'syntax', `${showWord(source)}: ${error.message}`, 'write URL#REF:FOLDER');
  }
  for (const [name, flag, own] of [
    ['checksum', common.checksum, git.checksum],
    ['keep-git-dir', common.keepGitDir, git.keepGitDir],
  ] as const) {
    if (flag !== undefined && own !== undefined && flag !== own)
      throw refuse(instruction, 'syntax', `--${name} and the source say different things`, 'say it once');
  }
  if ((common.checksum ?? git.checksum) === undefined && !commitHash.test(git.ref) && !needsKey(source)) {
    const ref = git.ref === '' ? 'the default branch' : showWord(git.ref);
    warn(stage, instruction, 'url-unchecked', `${ref} of ${showWord(git.remote)} may be another commit in each build`);
  }
}

/** WORKDIR: relative to the one before; it is made while building if it is not there. */
export function convertWorkdir(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a directory');
  const path = expandLiteral(stage, instruction, instruction.args);
  stage.workdir = resolvePath(stage, instruction, path);
  const { line, text } = instruction;
  stage.steps.push({ kind: 'workdir', line, instruction: text, path: stage.workdir, user: stage.user });
}

/** USER: a name or number, with an optional group; it is looked up in the image while building. */
export function convertUser(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a user');
  const user = expandLiteral(stage, instruction, instruction.args);
  if (user !== '' && !/^[\w.][\w.-]*\$?(:([\w.][\w.-]*)?)?$/.test(user)) {
    obstruct(stage, instruction, 'user-name', `${quote(user)} is not USER or USER:GROUP`, 'use letters, digits, . _ -');
  }
  stage.user = user;
  stage.steps.push({ kind: 'user', line: instruction.line, instruction: instruction.text, user });
}

function isDirectoryName(path: string): boolean {
  return path === '' || path === '.' || path.endsWith('/');
}

function resolveDestination(stage: Stage, instruction: Instruction, destination: string): string {
  const path = resolvePath(stage, instruction, destination);
  return isDirectoryName(destination) && path !== '/' ? `${path}/` : path;
}

function resolvePath(stage: Stage, instruction: Instruction, path: string): string {
  if (path.includes('\0')) throw refuse(instruction, 'bad-character', 'a path holds a NUL character', 'remove it');
  if (path.includes('\n')) obstruct(stage, instruction, 'path', 'a path holds a line break', 'use another name');
  const resolved = posix.resolve('/', stage.workdir, path);
  if (
    resolved === '/.ctmgr' ||
    resolved.startsWith('/.ctmgr/') ||
    /^\/(\.singularity\.d|dev|proc|sys)(\/|$)/.test(resolved)
  ) {
    obstruct(
      stage,
      instruction,
      'path',
      `${quote(resolved)} is not part of an image of its own`,
      'use another directory',
    );
  }
  return resolved;
}
