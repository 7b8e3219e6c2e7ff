import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { slurmVersion } from '../../lib/slurm/controller.ts';
import { recordAnswers } from './answers.ts';
import { recordDatabaseStates } from './database.ts';
import { recordJobs } from './jobs.ts';
import { recordOutOfMemory } from './memory.ts';
import { makeRecorder } from './recorder.ts';
import { configureCluster, recordLostState, recordOutages } from './site.ts';
import { recordStates } from './states.ts';

/**
 * Records what Slurm prints into test/fixtures/slurm: npm run record (README.md, "Develop"). It leaves the cluster broken, so
 * it is given one of its own.
 */
const recorder = makeRecorder('root');
const { text: version } = await slurmVersion(recorder.slurm);
const say = (what: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`);

say(`Slurm ${version}: configuring`);
await configureCluster();
say('jobs');
await recordJobs(recorder, say);
say('answers');
await recordAnswers(recorder);
say('rarer states');
await recordStates(recorder, version, say);
await recordDatabaseStates(recorder);
say('outages');
await recordOutages(recorder);
await recordLostState(recorder);
say('memory');
await recordOutOfMemory(recorder).catch((error: unknown) => say(`NOT SEEN: out of memory: ${String(error)}`));

const [major = '', minor = ''] = version.split('.');
const file = join(import.meta.dirname, `../fixtures/slurm/${major}.${minor}.txt`);
const head = `Slurm ${version}: what its commands printed on ${new Date().toISOString().slice(0, 10)}, recorded by test/record on the test cluster.
$ command, > standard output, ! standard error, = exit code; \u241F stands for the unit separator.
Before what stands under database/, the state or the exit code was set in slurmdbd's database; it is sacct's text for that.
`;
writeFileSync(file, `${head}\n${recorder.text()}`);
recorder.remove();
say(file);
