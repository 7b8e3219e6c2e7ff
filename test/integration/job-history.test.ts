import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { queryJobHistory } from '../../lib/slurm/job-history.ts';
import type { SlurmTools } from '../../lib/slurm/slurm-tools.ts';
import { epochSeconds } from '../../lib/util/clock.ts';

const day = 86_400;
let folder: string;
let slurm: SlurmTools;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-history-'));
  slurm = { binDir: folder, timeout: 60_000 };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A stand-in for sacct: `row ID CONTAINER SUBMIT` prints a job; $start and $end are the time that is asked for. */
function standIn(body: string): void {
  const text = `#!/bin/sh
end=
for word; do
  case $word in
    --starttime=uts*) start=\${word#*uts} ;;
    --endtime=uts*) end=\${word#*uts} ;;
    --delimiter=*) d=\${word#*=} ;;
  esac
done
echo "$start-$end" >>'${folder}/calls'
row() { echo "$1\${d}alice\${d}COMPLETED\${d}$3\${d}$3\${d}$3\${d}$2\${d}srun x"; }
${body}
`;
  writeFileSync(join(folder, 'sacct'), text, { mode: 0o755 });
}

/** What was asked for, as offsets from `from`. */
const calls = (from: number): [number, number | undefined][] =>
  readFileSync(join(folder, 'calls'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('-').map((time) => (time === '' ? undefined : Number(time) - from)) as [number, number]);

const ofApp = ({ container }: { container: string | undefined }): boolean => container === 'app';

describe('queryJobHistory', () => {
  test('asks for one part of the time after the other, the last one open, and keeps each job once', async () => {
    const from = epochSeconds() - 9 * day;
    standIn(`row 1 app $start; row 2 other 5; [ -n "$end" ] || row 3 app 7`);
    expect(await queryJobHistory(slurm, from, ofApp)).toMatchObject({
      ok: true,
      records: [
        { job: '1', submitted: from },
        { job: '3', submitted: 7 },
      ],
    });
    expect(calls(from)).toEqual([
      [0, day],
      [day, 3 * day],
      [3 * day, 7 * day],
      [7 * day, undefined],
    ]);
  });

  test('asks for less at once where there is much', async () => {
    const from = epochSeconds() - 3 * day;
    standIn(`i=0; [ $start -gt ${from} ] || while [ $i -lt 20001 ]; do i=$((i+1)); row $i other 5; done`);
    expect(await queryJobHistory(slurm, from, ofApp)).toEqual({ ok: true, records: [] });
    expect(calls(from).slice(0, 3)).toEqual([
      [0, day],
      [day, 1.5 * day],
      [1.5 * day, 2.5 * day],
    ]);
  });

  test('tries a twelfth of the time once when sacct does not come to an end, and then gives up', async () => {
    const from = epochSeconds() - 2 * day;
    standIn('exec sleep 600');
    // On a busy machine it may be stopped before it has written down its call; then it gets more time.
    for (slurm.timeout = 150; slurm.timeout < 60_000; slurm.timeout *= 3) {
      writeFileSync(join(folder, 'calls'), '');
      expect(await queryJobHistory(slurm, from, ofApp)).toMatchObject({ ok: false, tooMuch: true });
      if (calls(from).length > 1) break;
    }
    expect(calls(from)).toEqual([
      [0, day],
      [0, day / 12],
    ]);
  });

  test('says what sacct says', async () => {
    standIn('echo "sacct: error: Problem talking to the database: Connection refused" >&2; exit 1');
    const answer = await queryJobHistory(slurm, epochSeconds() - day, ofApp);
    expect(answer).toMatchObject({ ok: false, tooMuch: false, message: expect.stringContaining('Connection refused') });
  });
});
