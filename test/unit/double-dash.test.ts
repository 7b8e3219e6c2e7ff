import { describe, expect, test } from '@jest/globals';

import { parseCommandLine } from '../../lib/cli/parser.ts';

async function argv(words: string[]): Promise<Record<string, unknown>> {
  const parsed = await parseCommandLine(words, 'root', '1.2.3');
  if (parsed.kind !== 'call') throw new Error(`no call: ${parsed.text}`);
  return parsed.call.argv;
}

describe('words after --', () => {
  test('are positionals, whatever they look like', async () => {
    expect(await argv(['rebuild', '--wait', '--', 'lammps', '--dry-run'])).toMatchObject({
      names: ['lammps', '--dry-run'],
      wait: true,
      'dry-run': false,
    });
    expect(await argv(['path', '--', '-x'])).toMatchObject({ image: '-x' });
    expect(await argv(['overlay', 'add', 'x', '--run', 'a', '--run', 'b', '--'])).toMatchObject({ run: ['a', 'b'] });
    expect(await argv(['path', '--', '--'])).toMatchObject({ image: '--' });
  });

  test('are refused where they are too many, in their own words', async () => {
    await expect(argv(['status', '--', 'one', '-two'])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('-two'),
    });
  });
});
