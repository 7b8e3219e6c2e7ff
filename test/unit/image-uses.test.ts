import { describe, expect, test } from '@jest/globals';
import { mentionOf } from '../../lib/builds/image-mentions.ts';
import { type KnownName, usesOf } from '../../lib/builds/image-uses.ts';
import { meantAt } from '../../lib/builds/name-meaning.ts';
import { parseJobRecords } from '../../lib/slurm/used-containers.ts';

const hex = 'a'.repeat(64);
const separator = '<0f1e2d>';
/** As sacct of 24.11 prints them, with `|` for the separator: id, user, state, submit, start, end, container, command line. */
const recorded = (...lines: string[]): string => lines.map((line) => `${line.replaceAll('|', separator)}\n`).join('');
const read = (...lines: string[]) => parseJobRecords(recorded(...lines), separator);

/** `app` meant one.1 from 1000 to 2000, and one.2 since then. */
const known: Record<string, KnownName> = {
  app: {
    meanings: [
      { tag: '2026-11-01.1', from: 1000, until: 2000 },
      { tag: '2026-11-02.1', from: 2000, until: null },
    ],
    builds: [
      { tag: '2026-11-01.1', sha256: hex },
      { tag: '2026-11-02.1', sha256: 'b'.repeat(64) },
    ],
  },
};
const used = (...lines: string[]): string[] =>
  usesOf(read(...lines), ['/srv/ct mgr', '/real'], (name) => known[name]).map(
    ({ job, record, name, tag, sha256 }) =>
      `${job} ${record.user} ${record.state} ${name} ${tag ?? '?'} ${sha256?.slice(0, 2) ?? '?'}`,
  );

describe('records of sacct', () => {
  test('steps belong to their job, times are numbers, command lines may hold anything', () => {
    const [job, step, other] = read(
      '9|alice|CANCELLED by 1002|1500|1501|1600|app|sbatch --wrap a',
      'two',
      '10|eve|RUNNING|1|1|1||forged',
      '9.batch||RUNNING|1500|1501|Unknown|app|',
      '12_[1-3]|bob|PENDING|1500|Unknown|Unknown||srun x.y',
    );
    expect(job).toMatchObject({ job: '9', user: 'alice', state: 'CANCELLED', submitted: 1500, ended: 1600 });
    expect(job?.commandLine).toBe('sbatch --wrap a\ntwo');
    expect(step).toMatchObject({ job: '10', user: 'eve' });
    expect(other).toMatchObject({ job: '9', step: 'batch', user: 'eve', container: 'app', ended: undefined });
    const forged = `9|alice|RUNNING|1|1|1||x\n10|eve|RUNNING|1|1|1||app`.split('\n')[1] ?? '';
    expect(parseJobRecords(`${recorded('9|alice|RUNNING|1|1|1||x')}${forged}\n`, separator)).toHaveLength(1);
  });

  test('a job that was requeued was submitted when it was first', () => {
    const records = read(
      '7|alice|REQUEUED|1500|1501|1600|app|sbatch a',
      '7|alice|RUNNING|2500|2501|Unknown|app|sbatch a',
    );
    expect(records).toMatchObject([{ state: 'RUNNING', submitted: 1500, started: 2501 }]);
  });
});

describe('images that jobs name', () => {
  test('by name, tag, digest and path, once a job', () => {
    const path = '/srv/ct mgr/builds/2026-11-01.1/app.sif';
    expect(
      used(
        '1|alice|COMPLETED|1500|1|1|app|srun --container=app x',
        '1.0||COMPLETED|1500|1|1|app|srun --container=app x',
        '2|alice|COMPLETED|2500|1|1|app|',
        '3|alice|RUNNING|2500|1|1|app:2026-11-01.1|',
        `4_7|bob|RUNNING|2500|1|1|app@sha256:${hex}|`,
        `5|bob|RUNNING|2500|1|1||srun -- /usr/bin/apptainer exec ${path} app`,
        '6|bob|RUNNING|2500|1|1||apptainer run /real/private/projx/builds/2026-11-02.1/app.sif',
        '7+1|bob|RUNNING|1500|1|1||apptainer run /real/current/app.sif',
      ),
    ).toEqual([
      '1 alice COMPLETED app 2026-11-01.1 aa',
      '2 alice COMPLETED app 2026-11-02.1 bb',
      '3 alice RUNNING app 2026-11-01.1 aa',
      '4_7 bob RUNNING app 2026-11-01.1 aa',
      '5 bob RUNNING app 2026-11-01.1 aa',
      '6 bob RUNNING app 2026-11-02.1 bb',
      '7+1 bob RUNNING app 2026-11-01.1 aa',
    ]);
  });

  test('a step has a line of its own only for an image that is not the job’s', () => {
    expect(
      used(
        '1|alice|RUNNING|1500|1|1|app|',
        '1.batch||RUNNING|1500|1|1|app|',
        '1.0||RUNNING|2500|1|1||srun x',
        '1.1||RUNNING|2500|1|1|app|srun --container=app x',
        '1.2||RUNNING|2500|1|1|app:2026-11-02.1|srun',
        '2|alice|RUNNING|1500|1|1||salloc',
        '2.0||RUNNING|2500|1|1||srun -- apptainer exec /real/builds/2026-11-01.1/app.sif x',
      ),
    ).toEqual([
      '1 alice RUNNING app 2026-11-01.1 aa',
      '1.2 alice RUNNING app 2026-11-02.1 bb',
      '2.0 alice RUNNING app 2026-11-01.1 aa',
    ]);
  });

  test('what is no image of ours is none, and what nobody can tell is not guessed', () => {
    expect(
      used(
        '1|alice|RUNNING|1500|1|1|/bundle|',
        '2|alice|RUNNING|1500|1|1|$(touch x)|',
        '3|alice|RUNNING|1500|1|1||cat /elsewhere/builds/2026-11-01.1/app.sif',
        '4|alice|RUNNING|1500|1|1||cat /real/builds/2026-11-01.1/app.sif.md5',
        '5|alice|RUNNING|500|1|1|app|',
        '6|alice|RUNNING|2001|1|1|app|',
        '7|alice|RUNNING|2500|1|1|other|',
        `8|alice|RUNNING|2500|1|1|app@sha256:${'c'.repeat(64)}|`,
      ),
    ).toEqual([
      '5 alice RUNNING app ? ?',
      '6 alice RUNNING app ? ?',
      '7 alice RUNNING other ? ?',
      '8 alice RUNNING app ? cc',
    ]);
    for (const text of [
      'app:1',
      'App',
      '../app',
      'app@sha256:1',
      '/real/current/../app.sif',
      '/real/current/app.sif x',
    ])
      expect(mentionOf(text, ['/real'])).toBeUndefined();
  });

  test('close to a change nobody can tell', () => {
    const { meanings } = known['app'] ?? { meanings: [] };
    const tags = [999, 1001, 1002, 1997, 1998, 2001, 2002].map((time) => meantAt(meanings, time));
    const [one, two] = ['2026-11-01.1', '2026-11-02.1'];
    expect(tags).toEqual([undefined, undefined, one, one, undefined, undefined, two]);
  });
});
