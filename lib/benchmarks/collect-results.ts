import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type BenchmarkRun, benchmarkRun } from '../store/benchmark-runs.ts';
import {
  type BenchmarkSubmission,
  changeSubmission,
  collectedLegs,
  insertResult,
  openSubmissions,
} from '../store/benchmark-submissions.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText, errorText, isSystemError } from '../util/errors.ts';
import type { BenchSite } from './bench-site.ts';
import { chooseParser, needsOutput } from './choose-parser.ts';
import type { Definition } from './definition.ts';
import { askAllocations } from './ask-allocations.ts';
import {
  type AllocationRecord,
  type EndRecord,
  type LegRecord,
  readAllocationRecord,
  readEndRecord,
  readLegRecord,
} from './leg-record.ts';
import { submissionFolder } from './make-submission.ts';
import { decodeOutput, readBytes } from './parsers/read-output.ts';
import type { RunSettings } from './plan-run.ts';
import { type Reading, readLeg } from './read-leg.ts';
import { settleSubmissions } from './submit-run.ts';

export interface CollectReport {
  /** Legs that are new in the store. */
  collected: number;
  /** Names of runs of which a submission is over now. */
  finished: string[];
  /** What could not be asked or read this time and is tried again in the next pass. */
  problems: string[];
}

/**
 * One pass over all benchmark runs that are not over: settles submissions in doubt, reads the records of legs from the share,
 * and asks Slurm (unless `askSlurmToo` is false) which allocations have ended. The front door of this folder for whoever
 * polls. Any number of processes may do this at once: every leg is stored once.
 */
export async function collectBenchmarks(site: BenchSite, askSlurmToo = true): Promise<CollectReport> {
  const report: CollectReport = { collected: 0, finished: [], problems: [] };
  if (askSlurmToo) report.problems.push(...(await settleSubmissions(site)));
  for (const submission of await openSubmissions(site.store)) {
    if (submission.job_id === null) continue;
    const run = await benchmarkRun(site.store, submission.benchmark_run_id);
    try {
      await collectSubmission(site, run, submission, askSlurmToo, report);
    } catch (error) {
      if (!isSystemError(error, 'EACCES', 'EIO', 'ESTALE', 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      report.problems.push(`cannot read the outputs of ${run.name} now: ${briefErrorText(error)}`);
    }
  }
  return report;
}

async function collectSubmission(
  site: BenchSite,
  run: BenchmarkRun,
  submission: BenchmarkSubmission,
  askSlurmToo: boolean,
  report: CollectReport,
): Promise<void> {
  const indices = JSON.parse(submission.allocations) as number[];
  const ends = new Map<number, string>();
  const readAll = async (): Promise<void> => {
    for (const index of indices) {
      const end = await collectAllocation(site, run, submission, index, report);
      if (end !== undefined) ends.set(index, end.exit_code === 0 ? '' : end.message);
    }
  };
  await readAll();
  const unknown = indices.filter((index) => !ends.has(index));
  if (unknown.length > 0 && askSlurmToo) {
    const answer = await askAllocations(site, run, submission, unknown);
    report.problems.push(...answer.problems);
    // What a job has written before its end may have become visible since.
    if (answer.ended.size > 0) await readAll();
    for (const [index, how] of answer.ended) if (!ends.has(index)) ends.set(index, how);
  }
  if (ends.size < indices.length) return;
  const bad = [...ends].filter(([, how]) => how !== '').map(([index, how]) => `allocation ${index}: ${how}`);
  const change = { state: 'finished', message: bad.length === 0 ? null : bad.join('; ') } as const;
  if (await changeSubmission(site.store, submission.id, 'submitted', change)) report.finished.push(run.name);
}

/** Stores the legs of one allocation that are new; returns how it ended, if it has. */
async function collectAllocation(
  site: BenchSite,
  run: BenchmarkRun,
  submission: BenchmarkSubmission,
  allocation: number,
  report: CollectReport,
): Promise<EndRecord | undefined> {
  const place = join(submissionFolder(run.folder, submission.number), String(allocation));
  // First, because what the job writes after its last leg says that all legs are there.
  const end = await readRecord(join(place, 'end.json'), readEndRecord, report);
  const context = await readRecord(join(place, 'allocation.json'), readAllocationRecord, report);
  if (context === undefined) return end;
  const known = await collectedLegs(site.store, submission.id);
  for (const name of await readdir(place)) {
    const [, position, leg] = /^(-1|\d+)-(bare|container)$/.exec(name) ?? [];
    if (position === undefined || leg === undefined || known.has(`${allocation} ${position} ${leg}`)) continue;
    const record = await readRecord(join(place, name, 'record.json'), readLegRecord, report);
    if (record === undefined || !belongs(record, submission, allocation, name)) continue;
    if (await storeLeg(site, run, submission, { record, context, place, name })) report.collected += 1;
  }
  return end;
}

interface FoundLeg {
  record: LegRecord;
  context: AllocationRecord;
  place: string;
  name: string;
}

async function storeLeg(
  site: BenchSite,
  run: BenchmarkRun,
  submission: BenchmarkSubmission,
  { record, context, place, name }: FoundLeg,
): Promise<boolean> {
  const { measurements, parameters, invalid } = await readLeg(join(place, name), record, readingOf(run, record.leg));
  const otherImage = run.aa === 0 && context.image_sha256 !== run.image_sha256;
  return insertResult(site.store, {
    benchmark_submission_id: submission.id,
    allocation: record.allocation,
    position: record.position,
    leg: record.leg,
    measurements: JSON.stringify(otherImage ? [] : measurements),
    parameters: JSON.stringify(parameters),
    nodes: JSON.stringify(record.nodes),
    started: record.started,
    ended: record.ended,
    exit_code: record.exit_code,
    covariates: JSON.stringify({ ...context.covariates, ...record.covariates }),
    output: `${record.allocation}/${name}/stdout`,
    output_sha256: record.stdout_sha256,
    invalid: otherImage ? 'the image file was another one' : invalid,
    collected_at: epochSeconds(),
  });
}

function readingOf(run: BenchmarkRun, leg: LegRecord['leg']): Reading {
  const definition = JSON.parse(run.definition) as Definition;
  const parameters = JSON.parse(run.parameters) as Record<string, string>;
  return {
    image: leg === 'bare' || run.aa === 1 ? undefined : run.image_file,
    time: (JSON.parse(run.settings) as RunSettings).legTime,
    parse: chooseParser(definition, parameters),
    needsOutput: needsOutput(definition, parameters),
  };
}

function belongs(record: LegRecord, { job_id }: BenchmarkSubmission, allocation: number, name: string): boolean {
  const { position, leg } = record;
  return record.job_id === job_id && record.allocation === allocation && name === `${position}-${leg}`;
}

/** Undefined for a file that is not there (yet), or that is damaged: then its leg is missing and can be run again. */
async function readRecord<Value>(
  path: string,
  read: (text: string) => Value,
  report: CollectReport,
): Promise<Value | undefined> {
  try {
    return read(decodeOutput(await readBytes(path)));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    if (isSystemError(error, 'EACCES', 'EIO', 'ESTALE', 'ENOTDIR', 'ELOOP')) throw error;
    report.problems.push(`${path} is damaged: ${errorText(error).split('\n')[0]}`);
    return undefined;
  }
}
