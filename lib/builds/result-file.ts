import * as v from 'valibot';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { readForeign } from '../util/read-foreign.ts';

/** Bytes; the build script writes a few hundred, and cuts its message. */
const largest = 64 * 1024;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const common = {
  schema: v.literal(1),
  exit_code: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
  message: v.string(),
  node: v.string(),
  /** Id of the job array. */
  job_id: count,
  index: count,
  /** Seconds since the epoch. */
  started: count,
  ended: count,
  /** Version of Apptainer, or an empty text if it was not asked. */
  apptainer: v.string(),
};

const resultSchema = v.variant('outcome', [
  v.strictObject({
    ...common,
    outcome: v.literal('success'),
    /** Bytes of the published file. */
    size: v.pipe(count, v.minValue(1)),
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  v.strictObject({
    ...common,
    outcome: v.literal('failure'),
    kind: v.picklist(['build', 'test', 'infrastructure']),
  }),
  v.strictObject({ ...common, outcome: v.literal('terminated') }),
]);

/** What an array element reports: the published file, the failure, or that it was stopped (Slurm knows why). */
export type BuildResult = v.InferOutput<typeof resultSchema>;

/**
 * Reads an element's result file; undefined if there is none. Throws CtmgrError `failed` with the path for a file that
 * cannot be read, is a link, is cut off or has another form: such a build has ended, but how it ended is not known.
 */
export async function readResult(path: string): Promise<BuildResult | undefined> {
  let text: string;
  try {
    // The folder is the service account's, and root reads it.
    text = (await readForeign(path, largest)).toString('utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw unreadable(path, errorText(error), error);
  }
  return parseResult(text, path);
}

/** The same for a text; `path` is for the error only. */
export function parseResult(text: string, path: string): BuildResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, errorText(error), error);
  }
  const result = v.safeParse(resultSchema, value);
  if (result.success) {
    const { started, ended } = result.output;
    // The node's clock may have been set back meanwhile.
    return { ...result.output, ended: Math.max(started, ended) };
  }
  const [issue] = result.issues;
  throw unreadable(path, `${v.getDotPath(issue) ?? 'the text'}: ${issue.message}`);
}

function unreadable(path: string, why: string, cause?: unknown): CtmgrError {
  return new CtmgrError('failed', `cannot read the build result ${path}`, { why, cause });
}
