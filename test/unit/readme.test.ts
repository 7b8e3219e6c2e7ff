import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandSpec, wordsOf } from '../../lib/cli/command-spec.ts';
import { allCommands, findSpec, parseCommandLine } from '../../lib/cli/parser.ts';
import { configKeys } from '../../lib/config/config-keys.ts';
import { loadConfig } from '../../lib/config/load-config.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

const blocks = [...readme.matchAll(/^```([a-z]*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const inline = [...readme.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** Command lines of ctmgr, without what a shell or a reader makes of the rest. */
const lines = [...blocks.flatMap(({ text }) => text.split('\n')), ...inline]
  .map((line) => line.replace(/\s# .*$/, ''))
  .flatMap((line) => /^(?:\$ |\[\w+@\w+\] \$ )?ctmgr ([a-z-][^|;&]*)$/.exec(line)?.[1]?.trim() ?? [])
  .filter((line) => !line.startsWith('-'));

/** What every command has. */
const common = new Set(['help', 'version', 'json', 'parsable2', 'noheader', 'format']);

const help = new Map<CommandSpec, string>();

beforeAll(async () => {
  for (const spec of allCommands) {
    const parsed = await parseCommandLine([...wordsOf(spec), '--help'], 'root', '1.2.3');
    help.set(spec, parsed.kind === 'text' ? parsed.text : '');
  }
});

describe('README.md', () => {
  test.each([...new Set(lines)])('ctmgr %s', (line) => {
    const words = line.split(/\s+/);
    const spec = findSpec(words);
    expect(spec?.summary).toMatch(/\w/);
    const options = words.flatMap((word) => /^--([a-z][a-z0-9-]*)/.exec(word)?.[1] ?? []);
    const known = (option: string): boolean =>
      new RegExp(String.raw`--${option.replace(/^no-(?=jobs$|pull-config$)/, '')}\b`).test(
        help.get(spec as CommandSpec) ?? '',
      );
    expect(options.filter((option) => !known(option))).toEqual([]);
  });

  test.each(allCommands.map((spec) => [wordsOf(spec).join(' '), spec] as const))(
    'has %s and its options',
    (name, spec) => {
      expect(readme).toMatch(new RegExp(String.raw`\b${name}\b`));
      // An option and its other names are on one line of the help.
      const options = (help.get(spec) ?? '')
        .split('\n')
        .map((line) => [
          ...(/^\s+(?:-\w, +)?(--[a-z0-9-]+(?:, --[a-z0-9-]+)*) {2,}/
            .exec(line)?.[1]
            ?.matchAll(/[a-z0-9][a-z0-9-]*/g) ?? []),
        ])
        .map((found) => found.map(([option]) => option))
        .filter((names) => names.length > 0 && !names.some((option) => common.has(option)));
      const told = (option: string): boolean => new RegExp(String.raw`--(no-)?${option}\b`).test(readme);
      expect(options.filter((names) => !names.some(told))).toEqual([]);
    },
  );

  test('shows a configuration that is valid, and every key there is', () => {
    const text =
      blocks.find(({ language, text: toml }) => language === 'toml' && toml.startsWith('[paths]'))?.text ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'ctmgr-readme-'));
    try {
      const path = join(folder, 'config.toml');
      // The class that it names is another example's.
      writeFileSync(path, `${text}\n[classes.big]\npartition = "build"\n`);
      expect(loadConfig(path).config.build.user).toBe('ctmgr');
    } finally {
      rmSync(folder, { recursive: true });
    }
    const shown = (key: string): boolean =>
      new RegExp(String.raw`(^|[\s,:(])${key.split('.').at(-1)}( =|,|$)`, 'm').test(text);
    expect(configKeys().filter((key) => !shown(key))).toEqual([]);
  });
});
