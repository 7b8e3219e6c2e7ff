import { expect, test } from '@jest/globals';

import { firstComplaint } from '../../lib/benchmarks/first-complaint.ts';

const apptainer = 'INFO:    fuse2fs not found, will not be able to mount EXT3 filesystems\n';
const srun = 'srun: error: c2: task 1: Exited with exit code 1\nsrun: Terminating StepId=23.7\n';
const cancelled = '[2026-11-23T06:39:06.636] error: *** STEP 16.6 ON c3 CANCELLED AT 2026-11-23T06:39:06 ***\n';

test.each([
  ['', undefined],
  [`${apptainer}\n${srun}${cancelled}`, undefined],
  [`${apptainer}osu_latency: invalid option -- 'm'\nUsage\n${srun}`, "osu_latency: invalid option -- 'm'"],
  [`slurmstepd: error: x\nFATAL:   no such image\n`, 'FATAL:   no such image'],
  [
    'HPL ERROR in HPL_pdinfo:\n>>> Need at least 4 processes <<<\n\n',
    'HPL ERROR in HPL_pdinfo: >>> Need at least 4 processes <<<',
  ],
  // Another task may have come first; ctmgr's own words count.
  [`Terminated\nctmgr: there is no program xhpl in the image\n`, 'there is no program xhpl in the image'],
  [`\u001b[31mred\u0007\r\n`, '[31mred'],
  ['x'.repeat(1000), `${'x'.repeat(160)}…`],
])('%j', (stderr, expected) => expect(firstComplaint(stderr)).toBe(expected));
