import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { selectContext, warnEmptyPatterns } from '../../lib/definitions/build-context.ts';
import { packContext, stageContext } from '../../lib/definitions/context-archive.ts';
import { layOutContext } from '../../lib/definitions/copy-layout.ts';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import type { RecipePlan } from '../../lib/definitions/recipe-plan.ts';
import { CtmgrError } from '../../lib/util/errors.ts';

const execute = promisify(execFile);
let folder: string;
let context: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctmgr-context-'));
  context = join(folder, 'context');
  await mkdir(join(context, 'tree', 'sub'), { recursive: true });
  await put('plain.txt', 'plain', 0o644);
  await put('tool', 'tool', 0o755);
  await put('.dot', 'dot', 0o600);
  await put('tree/sub/s', 's', 0o640);
  await put('odd \'n"a\nme $x %y {{z}}', 'odd', 0o644);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, text: string, mode: number): Promise<void> {
  await writeFile(join(context, path), text);
  await chmod(join(context, path), mode);
}

function planOf(...instructions: string[]): RecipePlan {
  return parseDockerfile(['FROM a', ...instructions].join('\n'), { buildArgs: {} });
}

async function select(...instructions: string[]): Promise<string[]> {
  const { entries } = await selectContext(planOf(...instructions), context);
  return entries.map(({ path }) => path);
}

async function problem(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CtmgrError) return `${error.code}: ${error.message} ${error.why ?? ''} ${error.hint ?? ''}`;
  throw new Error('no CtmgrError', { cause: error });
}

describe('selectContext', () => {
  test('without COPY the manifest is empty and no context is needed', async () => {
    expect((await selectContext(planOf('RUN x'), undefined)).entries).toEqual([]);
  });

  test('takes exactly what is named: files, directories with all in them, Go patterns with dot files', async () => {
    expect(await select('COPY plain.txt /x')).toEqual(['plain.txt']);
    expect(await select('COPY ./tree/ /x/')).toEqual(['tree', 'tree/sub', 'tree/sub/s']);
    expect(await select('COPY /tree/../tool /x')).toEqual(['tool']);
    expect(await select('COPY *o* [a-t]*.txt t?ol /x/')).toEqual([
      '.dot',
      'odd \'n"a\nme $x %y {{z}}',
      'plain.txt',
      'tool',
    ]);
    expect(await select('COPY */sub/? nothing* /x/')).toEqual(['tree/sub/s']);
    expect(await select('COPY . /x/')).toHaveLength(7);
  });

  test('records type, mode, size and hash, and the target of a link inside a directory', async () => {
    await symlink('/nowhere', join(context, 'tree', 'l'));
    const { entries } = await selectContext(planOf('COPY tree tool /x/'), context);
    expect(entries).toMatchObject([
      { type: 'file', path: 'tool', mode: 0o755, size: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { type: 'directory', path: 'tree' },
      { type: 'symlink', path: 'tree/l', target: '/nowhere' },
      { type: 'directory', path: 'tree/sub' },
      { type: 'file', path: 'tree/sub/s', mode: 0o640, size: 1 },
    ]);
  });

  test('the digest depends on content and mode, not on time or order', async () => {
    const digest = async (...lines: string[]) => (await selectContext(planOf(...lines), context)).digest;
    const before = await digest('COPY tool /x', 'COPY plain.txt /y');
    await utimes(join(context, 'tool'), 1, 1);
    expect(await digest('COPY plain.txt /y', 'COPY tool /x')).toBe(before);
    await chmod(join(context, 'tool'), 0o700);
    expect(await digest('COPY tool /x', 'COPY plain.txt /y')).not.toBe(before);
    await put('tool', 'toOl', 0o755);
    expect(await digest('COPY tool /x', 'COPY plain.txt /y')).not.toBe(before);
  });

  test('a pattern that matches nothing copies nothing, with a warning, as in Docker', async () => {
    const plan = planOf('COPY nope* /x', 'COPY tool nope* /y/');
    const manifest = await selectContext(plan, context);
    expect(manifest.entries.map(({ path }) => path)).toEqual(['tool']);
    expect(warnEmptyPatterns(plan, manifest)).toMatchObject([{ line: 2, code: 'empty-pattern' }]);
    expect(layOutContext(plan, manifest).map((layout) => layout.kind === 'files' && layout.files)).toEqual([
      [],
      [{ source: 'tool', destination: '/y/tool' }],
    ]);
  });

  test.each([
    ['COPY nope /x', 'line 2, COPY: "nope" is not in the build context', '--context'],
    ['COPY ../context/tool /x', 'line 2, COPY: "../context/tool" lies outside the build context', ''],
    ['COPY tree/../../x /x', 'lies outside', ''],
    ['COPY [ab /x', 'not a valid pattern', ''],
    ['COPY t* /x', 'line 2, COPY: 2 sources need a destination that ends with /', '/x/'],
    ['COPY tool/x /x', '"tool/x" is not in', ''],
  ])('%s is refused', async (instruction, words, wayOut) => {
    const text = await problem(select(instruction));
    expect(text).toContain('badDefinition');
    expect(text).toContain(words);
    expect(text).toContain(wayOut);
  });

  test('links that are named are followed inside the context, as Docker does', async () => {
    await symlink('tree', join(context, 'in'));
    await symlink('/in/sub', join(context, 'absolute'));
    await symlink('absolute/s', join(context, 'far'));
    const plan = planOf('COPY far /x/', 'COPY in/sub/s absolute/s /y/', 'COPY fa* /z/');
    const manifest = await selectContext(plan, context);
    expect(layOutContext(plan, manifest).map((layout) => layout.kind === 'archive' && layout.members)).toMatchObject([
      [{ entry: { path: 'tree/sub/s' }, path: 'far' }],
      [{ entry: { path: 'tree/sub/s' }, path: 's' }],
      [{ entry: { path: 'tree/sub/s' }, path: 'far' }],
    ]);
  });

  test('links that leave the context, lead nowhere or in circles, or stand behind a pattern are refused', async () => {
    await mkdir(join(folder, 'context-2'));
    await symlink('../context-2', join(context, 'beside'));
    await symlink('/etc', join(context, 'out'));
    await symlink('circle', join(context, 'circle'));
    await symlink('tree', join(context, 'in'));
    expect(await problem(select('COPY beside /x'))).toContain(
      'leaves the build context through the symbolic link beside',
    );
    expect(await problem(select('COPY out/passwd /x'))).toContain('"out/passwd" is not in the build context');
    expect(await problem(select('COPY circle /x'))).toContain('goes round in circles');
    expect(await problem(select('COPY i*/sub/s /x'))).toContain('leads through the symbolic link in [symlink-source]');
    expect(await problem(select('COPY --parents in/sub/s /x'))).toContain('[symlink-source]');
  });

  test('special files are refused; all problems are told', async () => {
    await execute('mkfifo', [join(context, 'tree', 'pipe')]);
    expect(await problem(select('COPY tree /x/'))).toContain('tree/pipe is neither file');
    expect(await problem(select('COPY tree /x/', 'COPY nope /x'))).toMatch(
      /line 2, COPY: "tree".*line 3, COPY: "nope"/,
    );
  });

  test('archives are told by their content, and only for ADD', async () => {
    await execute('tar', ['-C', context, '-cf', join(context, 'a.bin'), 'tool']);
    await execute('tar', ['-C', context, '-czf', join(context, 'z.bin'), 'tool']);
    await execute('gzip', ['-k', join(context, 'tool')]);
    const { entries } = await selectContext(planOf('COPY z.bin /x', 'ADD a.bin z.bin tool.gz tool /y/'), context);
    expect(entries.map((entry) => [entry.path, entry.type === 'file' ? entry.archive : ''])).toEqual([
      ['a.bin', 'tar'],
      ['tool', undefined],
      ['tool.gz', undefined],
      ['z.bin', 'gzip'],
    ]);
  });

  test('.dockerignore: the last pattern decides; a name beside the Dockerfile goes before it', async () => {
    await put('.dockerignore', '# comment\ntree\n!tree/sub/s\n.d*\n*\\ *\n**/odd*\n', 0o644);
    await put('tree/other', 'x', 0o644);
    expect(await select('COPY . /x/')).toEqual(['plain.txt', 'tool', 'tree', 'tree/sub', 'tree/sub/s']);
    expect(await select('COPY tree/sub /x/')).toEqual(['tree/sub', 'tree/sub/s']);
    expect(await problem(select('COPY tree/other /x/'))).toContain('is excluded by .dockerignore');
    const own = join(folder, 'Dockerfile');
    await writeFile(`${own}.dockerignore`, '*\n!/tool');
    const { entries } = await selectContext(planOf('COPY . /x/'), context, own);
    expect(entries.map(({ path }) => path)).toEqual(['tool']);
    await put('.dockerignore', '[', 0o644);
    expect(await select('COPY tool /x/')).toEqual(['tool']);
  });

  test('--parents takes the folders above along, and ** any number of them', async () => {
    expect(await select('COPY --parents tree/**/s /x/')).toEqual(['tree', 'tree/sub', 'tree/sub/s']);
    expect(await select('COPY --parents tree/./sub/s /x/')).toEqual(['tree', 'tree/sub', 'tree/sub/s']);
  });

  test('bind mounts read the context too', async () => {
    expect(await select('RUN --mount=type=bind,source=tree,target=/x y')).toEqual(['tree', 'tree/sub', 'tree/sub/s']);
    expect(await problem(selectContext(planOf('RUN --mount=target=/x y'), undefined))).toContain(
      'there is no build context',
    );
  });

  test('no context, or one that is not there', async () => {
    expect(await problem(selectContext(planOf('COPY a /b'), undefined))).toMatch(
      /inputMissing: Dockerfile line 2 .*--context DIR/,
    );
    expect(await problem(selectContext(planOf('COPY a /b'), join(folder, 'nope')))).toContain('inputMissing');
  });
});

describe('packContext and stageContext', () => {
  const plan = planOf('COPY plain.txt /a', 'RUN x', 'COPY . /x/', 'COPY tree/sub/s plain.txt /y/', 'COPY tool /z');

  test('the same content gives the same bytes, and is staged as the definition needs it', async () => {
    const manifest = await selectContext(plan, context);
    await packContext(manifest, context, join(folder, '1.tar'));
    await utimes(join(context, 'tool'), 1, 1);
    await packContext(manifest, context, join(folder, '2.tar'));
    expect(await readFile(join(folder, '1.tar'))).toEqual(await readFile(join(folder, '2.tar')));
    const out = join(folder, 'out');
    await stageContext(plan, manifest, join(folder, '1.tar'), out);
    expect((await readdir(out)).toSorted()).toEqual(['.ctmgr', 'plain.txt']);
    expect((await readdir(join(out, '.ctmgr'))).toSorted()).toEqual(['copy-2.tar', 'copy-3.tar', 'copy-4.tar']);
    const list = async (name: string) =>
      (await execute('tar', ['--numeric-owner', '--quoting-style=c', '-tvf', join(out, '.ctmgr', name)])).stdout
        .trim()
        .split('\n')
        .map((line) => line.replace(/^(\S+) +(\S+) +\d+ +\S+ +\S+ /, '$1 $2 '));
    expect(await list('copy-3.tar')).toEqual(['-rw-r--r-- 0/0 "./plain.txt"', '-rw-r----- 0/0 "./s"']);
    expect(await list('copy-4.tar')).toEqual(['-rwxr-xr-x 0/0 "./tool"']);
    expect((await list('copy-2.tar')).map((line) => line.split(' ').slice(2).join(' '))).toEqual([
      '"./.dot"',
      String.raw`"./odd 'n\"a\nme $x %y {{z}}"`,
      '"./plain.txt"',
      '"./tool"',
      '"./tree/"',
      '"./tree/sub/"',
      '"./tree/sub/s"',
    ]);
  });

  test('a context that changes meanwhile, and an archive that is another one, are found', async () => {
    const manifest = await selectContext(plan, context);
    await packContext(manifest, context, join(folder, '1.tar'));
    await put('tool', 'TOOL', 0o755);
    expect(await problem(packContext(manifest, context, join(folder, '2.tar')))).toMatch(
      /tryAgain: .*tool is not what/,
    );
    const other = await selectContext(plan, context);
    expect(await problem(stageContext(plan, other, join(folder, '1.tar'), join(folder, 'out')))).toMatch(
      /inputMissing: .*tool is not/,
    );
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  test('nothing to copy needs no archive', async () => {
    const empty = planOf('RUN x');
    await stageContext(empty, await selectContext(empty, undefined), join(folder, 'none.tar'), join(folder, 'out'));
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});
