import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { OutputReader } from './choose-parser.ts';
import { firstComplaint } from './first-complaint.ts';
import { hasFailed, type LegOrder, legProblem, type LegRecord } from './leg-record.ts';
import { InvalidOutput, type ParsedOutput } from './parsers/output.ts';
import { decodeOutput, readBytes, readOutput } from './parsers/read-output.ts';
import { isSystemError } from '../util/errors.ts';

/** How the outputs of a run are to be understood. */
export interface Reading extends LegOrder {
  parse: OutputReader;
  /** False: what counts is the time, the program need not print anything. */
  needsOutput: boolean;
}

export interface ReadLeg extends ParsedOutput {
  /** Why this is no result; there are no measurements then. */
  invalid: string | null;
}

/**
 * Makes a result of a leg's record and output. Whatever is wrong with either becomes the reason, never a number. System
 * errors other than a missing file come as they are: the leg is then read again later.
 */
export async function readLeg(folder: string, record: LegRecord, reading: Reading): Promise<ReadLeg> {
  const problem = await problemOf(folder, record, reading);
  try {
    const bytes = await readBytes(join(folder, 'stdout'));
    if (createHash('sha256').update(bytes).digest('hex') !== record.stdout_sha256) {
      return invalidLeg('the output is not what the job has written');
    }
    // The parameters say what a leg ran with, also if it is no result for another reason.
    const parsed = reading.parse(reading.needsOutput ? decodeOutput(bytes) : '', record.ended - record.started);
    return problem === undefined
      ? { ...parsed, invalid: null }
      : { ...invalidLeg(problem), parameters: parsed.parameters };
  } catch (error) {
    if (error instanceof InvalidOutput) return invalidLeg(problem ?? error.message);
    throw error;
  }
}

/** What is wrong with a leg whatever it printed, and what the program itself said of it if it failed. */
async function problemOf(folder: string, record: LegRecord, reading: Reading): Promise<string | undefined> {
  const problem = legProblem(record, reading);
  if (problem === undefined || !hasFailed(record)) return problem;
  const complaint = await readComplaint(join(folder, 'stderr'));
  return complaint === undefined ? problem : `${problem}: ${complaint}`;
}

async function readComplaint(path: string): Promise<string | undefined> {
  try {
    return firstComplaint(await readOutput(path));
  } catch (error) {
    if (error instanceof InvalidOutput || isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function invalidLeg(invalid: string): ReadLeg {
  return { measurements: [], parameters: {}, invalid };
}
