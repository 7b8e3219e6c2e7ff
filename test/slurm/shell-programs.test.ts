import { expect, it } from '@jest/globals';

import { exec } from './support/cluster.ts';

const programs = ['spank/srun', 'spank/make-option-table', 'bin/ctmgr', '.ci/run'];

/** The files that the wrapper sources are looked at with it, as parts of one program. */
it.each(programs)('%s has nothing that shellcheck objects to, and dash can read it', async (program) => {
  const path = `/opt/ctmgr/${program}`;
  const shellcheck = ['shellcheck', '--external-sources', '--source-path=SCRIPTDIR', path];
  expect(await exec(shellcheck)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await exec(['dash', '-n', path])).toMatchObject({ code: 0, stderr: '' });
});
