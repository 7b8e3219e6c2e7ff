import { placeOfVerification } from '../builds/submit-verification.ts';
import { logFiles } from '../builds/tag-folders.ts';
import type { Paths } from '../config/paths.ts';
import { unfinished } from '../store/instances.ts';
import type { Verification } from '../store/verifications.ts';
import { formatDuration } from '../util/clock.ts';
import { exitCodes } from '../util/errors.ts';
import type { RecordAnswer } from './context.ts';
import { logTail } from './log-tail.ts';

/** How a verification stands or ended, with the end of its log if it failed. Exit code 0 only for one that builds. */
export async function reportVerification(paths: Paths, row: Verification): Promise<RecordAnswer> {
  const overlays = JSON.parse(row.overlays) as string[];
  const logs = logFiles(paths, placeOfVerification(row));
  const what = `${row.subject} with ${overlays.length === 0 ? 'no overlays' : overlays.join(', ')}`;
  const seconds = row.started_at === null || row.ended_at === null ? null : row.ended_at - row.started_at;
  const where = `${formatDuration(seconds)} on ${row.node ?? '?'}, job ${row.job_id ?? '?'}_0`;
  const open = unfinished.includes(row.status);
  const failure = row.failure_kind === null ? row.status : `${row.status} (${row.failure_kind})`;
  const lines = open
    ? [
        `${row.name}: ${what}: ${row.status}.`,
        `Next: ctmgr verify ${row.name} --wait (\`ctmgr service\` moves it meanwhile)`,
      ]
    : row.status === 'success'
      ? [`${row.name}: ${what} builds and passes its tests: ${where}.`, 'No image was kept.', `Log: ${logs.out}`]
      : [
          `${row.name}: ${what} does not build: ${failure}: ${row.message ?? 'no message'}`,
          ...((await logTail(logs.err)) ?? (await logTail(logs.out)) ?? []),
        ];
  return {
    kind: 'record',
    record: {
      verification: row.name,
      recipe: row.subject,
      overlays,
      status: row.status,
      failure_kind: row.failure_kind,
      message: row.message,
      exit_code: row.exit_code,
      node: row.node,
      job: row.job_id === null ? null : `${row.job_id}_0`,
      started: row.started_at,
      ended: row.ended_at,
      log: logs.out,
      err: logs.err,
    },
    text: `${lines.join('\n')}\n`,
    exitCode: open ? 0 : row.status === 'success' ? 0 : exitCodes.failed,
  };
}
