import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { InvalidOutput, type ParsedOutput } from '../../lib/benchmarks/parsers/output.ts';
import { parsers } from '../../lib/benchmarks/parsers/parsers.ts';
import { patternParser } from '../../lib/benchmarks/parsers/pattern.ts';
import { readOutput } from '../../lib/benchmarks/parsers/read-output.ts';

const read = (name: string): string => readFileSync(`test/fixtures/benchmarks/${name}`, 'utf8');

function parse(parser: string, text: string): ParsedOutput {
  const found = parsers[parser];
  if (found === undefined) throw new Error(`no parser ${parser}`);
  return found(text);
}

/** The reason for which an output is no result, or the word "accepted". */
function reason(parser: string, text: string): string {
  try {
    parse(parser, text);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof InvalidOutput)) throw error;
    return error.message;
  }
}

const values = ({ measurements }: ParsedOutput): Record<string, number> =>
  Object.fromEntries(measurements.map(({ metric, size, value }) => [[metric, size].join(' ').trim(), value]));

/** An HPL output in the form of version 2.3. */
const hpl = `N      :  115584
================================================================================
T/V                N    NB     P     Q               Time                 Gflops
--------------------------------------------------------------------------------
WR11C2R4      115584   192     4     8            1235.92             8.3295e+02
HPL_pdgesv() start time Sun Nov 22 15:00:00 2026

--------------------------------------------------------------------------------
||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)=   1.93e-03 ...... PASSED
================================================================================

Finished      1 tests with the following results:
              1 tests completed and passed residual checks,

End of Tests.
`;

const osu71 = `# OSU MPI Latency Test v7.1
# Size          Latency (us)
# Datatype: MPI_CHAR.
1                       1.03
2                       1.04
4194304               512.75
`;
const osu75 = `# OSU MPI Latency Test v7.5
# Datatype: MPI_CHAR.
# Size       Avg Latency(us)  Min Latency(us)  Max Latency(us)  Iterations  Validation
1                       1.03             1.00             1.90       10000        Pass
4194304               512.75           500.00           600.00         100        Pass
`;
const osuBandwidth = `# OSU MPI Multiple Bandwidth / Message Rate Test v5.6.2
# [ pairs: 1 ] [ window size: 64 ]
# Size                  MB/s        Messages/s
1                       5.00        5000000.00
2                      10.00        5000000.00
`;

const linktest2 = `RESULT: Min Time:                     11.64910 us (  20.9579 GiB/s)
RESULT: Avg Time:                      0.01200 ms (  20.3 GiB/s)
RESULT: Max Time:                     12.50000 us (  19.5 GiB/s)
Aggregated Results:
`;

const whole: [parser: string, name: string, text: string][] = [
  ['hpcc', 'own-hpcc-1.5.0-debian12.txt', read('own-hpcc-1.5.0-debian12.txt')],
  ['hpl', 'HPL 2.3', hpl],
  ['hpl', 'own-hpl-2.3.txt', read('own-hpl-2.3.txt')],
  ['hpcg', 'own-hpcg-3.1.txt', read('own-hpcg-3.1.txt')],
  ['imb', 'own-imb-2021.11.txt', read('own-imb-2021.11.txt')],
  ['imb', 'own-imb-2021.9.txt', read('own-imb-2021.9.txt')],
  ['imb', 'own-imb-2019.1.txt', read('own-imb-2019.1.txt')],
  ['ior', 'own-ior-4.1.0dev.txt', read('own-ior-4.1.0dev.txt')],
  ['ior', 'own-ior-4.1.0dev.json', read('own-ior-4.1.0dev.json')],
  ['ior', 'own-ior-3.2.1.txt', read('own-ior-3.2.1.txt')],
  ['ior', 'own-ior-3.3.0.txt', read('own-ior-3.3.0.txt')],
  ['linktest', 'own-linktest-1.2p1.txt', read('own-linktest-1.2p1.txt')],
  ['mdtest', 'own-mdtest-4.1.0dev.txt', read('own-mdtest-4.1.0dev.txt')],
  ['mdtest', 'own-mdtest-1.9.3.txt', read('own-mdtest-1.9.3.txt')],
  ['mdtest', 'own-mdtest-3.3.0.txt', read('own-mdtest-3.3.0.txt')],
  ['stream', 'own-stream-5.10.txt', read('own-stream-5.10.txt')],
];

describe('whole outputs', () => {
  it('hpcc', () => {
    const parsed = parse('hpcc', read('own-hpcc-1.5.0-debian12.txt'));
    expect(parsed.parameters).toEqual({ N: '4000', NB: '128', P: '1', Q: '2', PMAP: 'row', processes: '2' });
    expect(values(parsed)).toMatchObject({ gflops: 3.922 });
    expect(Object.keys(values(parsed))).toHaveLength(5);
  });

  it('hpcc that ran another problem than it was asked to says so in its parameters alone', () => {
    const { parameters } = parse('hpcc', read('own-hpcc-grid-mismatch-rc0.txt'));
    expect(parameters).toEqual({ N: '3520', NB: '80', P: '1', Q: '2', PMAP: 'column', processes: '2' });
  });

  it('HPL: the rate is computed where the time is more precise', () => {
    const parsed = parse('hpl', hpl);
    expect(parsed.parameters).toEqual({ N: '115584', NB: '192', P: '4', Q: '8', PMAP: 'row' });
    expect(values(parsed)['gflops']).toBeCloseTo(832.952, 3);
  });

  it('HPL that runs for so short a time that the printed rate is more precise', () => {
    const parsed = parse('hpl', read('own-hpl-2.3.txt'));
    expect(parsed.parameters).toEqual({ N: '500', NB: '64', P: '1', Q: '2', PMAP: 'row' });
    expect(values(parsed)).toEqual({ gflops: 0.032666 });
  });

  it('HPCG', () => {
    const parsed = parse('hpcg', read('own-hpcg-3.1.txt'));
    expect(parsed).toEqual({
      measurements: [{ metric: 'gflops', value: 3.45047 }],
      parameters: { nx: '32', ny: '32', nz: '32', processes: '2', threads: '1' },
    });
  });

  it('IMB', () => {
    const parsed = parse('imb', read('own-imb-2021.11.txt'));
    const found = values(parsed);
    expect(found).toMatchObject({
      'pingpong-time 0': 0.17,
      'pingpong-time 4194304': 1072.2,
      'pingpong-bandwidth 4194304': 3911.88,
      // The slowest process, not the average.
      'sendrecv-time 131072': 49.19,
      'allreduce-time 4194304': 8301.29,
    });
    expect(found).not.toHaveProperty('allreduce-bandwidth 4');
    expect(found).not.toHaveProperty('pingpong-bandwidth 0');
    expect(parsed.parameters).toMatchObject({
      'pingpong-processes': '2',
      'pingpong-repetitions': expect.stringMatching(/^0:1000 1:1000 .* 4194304:10$/),
    });
  });

  it('IMB: collective operations without content are no results', () => {
    const found = values(parse('imb', read('own-imb-2021.9.txt')));
    expect(found).toMatchObject({
      'pingpong-time 0': 0.39,
      'sendrecv-time 0': 0.45,
      'allreduce-time 4': 0.93,
      'uniband-bandwidth 4194304': 3372.98,
      'bcast-time 1': 4.08,
      'alltoall-time 4194304': 6324.98,
    });
    for (const name of ['allreduce', 'bcast', 'alltoall']) expect(found).not.toHaveProperty([`${name}-time 0`]);
    const fast = read('own-imb-2021.9.txt').replaceAll('0.03         0.03', '0.00         0.00');
    expect(values(parse('imb', fast))).toEqual(found);
  });

  it('IMB: a benchmark that prints no times', () => {
    const uniband = `
#---------------------------------------------------
# Benchmarking Uniband
# #processes = 2
#---------------------------------------------------
       #bytes #repetitions   Mbytes/sec      Msg/sec
            0         1000         0.00      5000000
            1         1000         5.13      5130000

# All processes entering MPI_Finalize
`;
    expect(values(parse('imb', uniband))).toEqual({ 'uniband-bandwidth 1': 5.13 });
    expect(reason('imb', uniband.replace('Mbytes/sec', 'bytes'))).toMatch(/neither times nor bandwidths/);
  });

  it('IOR, as a table and as JSON', () => {
    const table = parse('ior', read('own-ior-4.1.0dev.txt'));
    expect(values(table)['write']).toBeCloseTo((818.35 + 2078.36 + 2045.9) / 3, 9);
    expect(values(table)['read']).toBeCloseTo((31128 + 31818 + 29297) / 3, 9);
    const json = parse('ior', read('own-ior-4.1.0dev.json'));
    expect(json.parameters).toEqual(table.parameters);
    expect(json.parameters).toMatchObject({ api: 'POSIX', segments: '2', xfersize: '1 MiB', repetitions: '3' });
    expect(values(json)['write']).toBeCloseTo((2026.9835 + 1967.6268 + 1991.5013) / 3, 9);
  });

  it.each([
    ['3.2.1', 2039.32, 3555.42],
    ['3.3.0', 2386.25, 3814],
    ['4.0.0', 2422.7, 3893],
  ])('IOR %s, whose columns and lines differ', (version, write, read_) => {
    const { parameters, ...parsed } = parse('ior', read(`own-ior-${version}.txt`));
    expect(values({ ...parsed, parameters })).toEqual({ write, read: read_ });
    expect(parameters).toMatchObject({ access: 'single-shared-file', tasks: '2', xfersize: '65536 bytes' });
  });

  it('IMB: how often it was asked to repeat, besides how often it did', () => {
    const text = read('own-imb-2021.11.txt');
    expect(parse('imb', text).parameters).not.toHaveProperty('repetitions');
    const asked = text.replace('-time 0.5', '-iter 1000 -time 0.5');
    expect(parse('imb', asked).parameters).toMatchObject({ repetitions: '1000', 'pingpong-processes': '2' });
  });

  it('LinkTest 1 and 2, whatever the unit', () => {
    const parsed = parse('linktest', read('own-linktest-1.2p1.txt'));
    expect(values(parsed)).toEqual({ min: 3.42937506, avg: 3.67746876, max: 4.34722506 });
    expect(parsed.parameters).toEqual({ tasks: '4', bytes: '1', iterations: '20', 'warm-up': '5' });
    expect(values(parse('linktest', linktest2))).toEqual({ min: 11.6491, avg: 12, max: 12.5 });
  });

  it('mdtest', () => {
    const parsed = parse('mdtest', read('own-mdtest-4.1.0dev.txt'));
    expect(values(parsed)).toMatchObject({ 'file-creation': 6033.216, 'tree-removal': 1767.172 });
    expect(parsed.parameters).toEqual({ tasks: '2', files: '400', 'files-per-task': '200', iterations: '3' });
  });

  it.each([
    ['1.9.3', 148213.033, 448519.996],
    // The processes' own rates differ here.
    ['3.3.0', 243977.317, 368053.185],
    ['4.0.0', 250331.483, 331172.839],
  ])('mdtest %s, with or without a colon', (version, creation, removal) => {
    const parsed = parse('mdtest', read(`own-mdtest-${version}.txt`));
    expect(values(parsed)).toMatchObject({ 'file-creation': creation, 'file-removal': removal });
    expect(parsed.parameters).toEqual({ tasks: '2', files: '200', 'files-per-task': '100', iterations: '1' });
  });

  it('OSU 7.4 as it is when nothing is asked of it: no column for the repetitions', () => {
    const parsed = parse('osu', read('own-osu-latency-7.4.txt'));
    expect(values(parsed)).toMatchObject({ 'latency 1': 800.43, 'latency 65536': 5142.25 });
    expect(parsed.parameters).toEqual({ test: 'Latency', sizes: expect.any(String), largest: '65536' });
  });

  it('OSU: the header says which column is which', () => {
    const expected = { 'latency 1': 1.03, 'latency 4194304': 512.75 };
    expect(values(parse('osu', osu71))).toMatchObject(expected);
    expect(values(parse('osu', osu75))).toEqual(expected);
    expect(parse('osu', osu75).parameters).toMatchObject({ largest: '4194304', repetitions: '1:10000 4194304:100' });
    expect(parse('osu', osu75.replace(' 10000 ', ' 100 ')).parameters).toMatchObject({ repetitions: '100' });
    expect(parse('osu', osu71).parameters).not.toHaveProperty('repetitions');
    expect(values(parse('osu', osuBandwidth))).toMatchObject({ 'bandwidth 2': 10, 'message-rate 2': 5e6 });
  });

  it('STREAM', () => {
    const parsed = parse('stream', read('own-stream-5.10.txt'));
    expect(values(parsed)).toEqual({ copy: 32426.4, scale: 33860.9, add: 36740.8, triad: 36234.6 });
    expect(parsed.parameters).toEqual({ elements: '40000000', repetitions: '10', threads: '2' });
  });
});

describe.each(whole)('%s of %s', (parser, _name, text) => {
  it('cut off anywhere is a reason or the whole result, never another number', () => {
    const result = parse(parser, text);
    const accepted: number[] = [];
    for (let end = 0; end < text.length; end += 7) {
      const cut = text.slice(0, end);
      if (reason(parser, cut) !== 'accepted') continue;
      expect(parse(parser, cut)).toEqual(result);
      accepted.push(end);
    }
    // Only what comes after the end marker may be missing.
    expect(accepted.filter((end) => end < text.length * 0.85)).toEqual([]);
  });

  it('twice in one file is no result', () => {
    expect(reason(parser, `${text}\n${text}`)).toMatch(/occurs|twice|not valid/);
  });

  it('with decimal commas is no result', () => {
    expect(reason(parser, text.replaceAll(/(\d)\.(\d)/g, '$1,$2'))).not.toBe('accepted');
  });

  it('with another line in the middle of each of its own is no result', () => {
    const interleaved = text
      .split('\n')
      .map((line) => `${line.slice(0, line.length >> 1)}\nslurmstepd: warning\n${line.slice(line.length >> 1)}`)
      .join('\n');
    expect(reason(parser, interleaved)).not.toBe('accepted');
  });
});

describe('what is no result', () => {
  it.each([
    ['hpl', hpl.replace('PASSED', 'FAILED'), 'the residual check of HPL FAILED'],
    ['hpl', hpl.replace('8.3295e+02', '8.5295e+02'), '8.5295e+02 Gflop/s do not follow from N = 115584 in 1235.92 s'],
    ['hpl', hpl.replace('8.3295e+02', '-nan'), 'the rate of HPL is "-nan", not a number'],
    ['hpcc', read('own-hpcc-1.5.0-debian12.txt').replace('Success=1', 'Success=0'), 'hpcc does not say Success=1'],
    [
      'hpcc',
      // PTRANS says PASSED as well.
      read('own-hpcc-1.5.0-debian12.txt').replace(/^(\|\|Ax-b\|\|.*)PASSED/m, '$1FAILED'),
      'the residual check of HPL FAILED',
    ],
    [
      'hpl',
      hpl.replace('\nEnd of', '              1 tests skipped because of illegal input values.\nEnd of'),
      '1 tests of HPL skipped',
    ],
    ['ior', `${read('own-ior-4.1.0dev.txt')}\nERROR: write() failed`, 'IOR reports: ERROR: write() failed'],
    [
      'mdtest',
      read('own-mdtest-4.1.0dev.txt').replace('2 tasks, 400', '3 tasks, 400'),
      'mdtest has 400 files for 3 tasks',
    ],
    ['hpcg', read('own-hpcg-3.1.txt').replace('VALID', 'INVALID'), 'HPCG calls its result INVALID'],
    ['imb', read('own-imb-2021.11.txt').replace('0.17', '0.00'), 'pingpong at 0 bytes took less than IMB can show'],
    [
      'imb',
      read('own-imb-2021.11.txt').replace('4194304           10      1072.20', ' '),
      /^a line of pingpong of IMB has/,
    ],
    ['ior', read('own-ior-4.1.0dev-invalid-quote.json'), 'the JSON of IOR is not valid'],
    ['ior', read('own-ior-4.1.0dev.txt').replace(/^write .*\n/m, ''), 'IOR has 2 results for write, not 3'],
    ['ior', `warning: no huge pages\n${read('own-ior-4.1.0dev.json')}`, 'the summary of IOR is missing'],
    ['linktest', linktest2.replace('us', 'furlongs'), 'the Min Time of LinkTest is missing'],
    ['linktest', linktest2.replace(/Aggreg.*/, ''), 'the end marker of LinkTest is missing'],
    ['mdtest', read('own-mdtest-4.1.0dev.txt').replace('SUMMARY rate (in ops/sec)', 'SUMMARY time'), /rates of mdtest/],
    ['osu', osu75.replace('Pass\n', 'Fail\n'), 'validation failed at 1 bytes'],
    ['osu', osu71 + osuBandwidth, 'the output holds 2 OSU benchmarks'],
    ['osu', osu71.replace('1.04', '1.04 slurmstepd:'), /in its table$/],
    ['osu', osu71.replace(/^\d.*\n/gm, ''), 'the table of the OSU benchmark is empty'],
    ['stream', read('own-stream-5.10.txt').replace('(= 16753 clock', '(= 12 clock'), /12 clock ticks, less than 20/],
    ['stream', read('own-stream-5.10.txt').replace(/^Solution.*\n/m, ''), 'the validation of STREAM is missing'],
  ])('%s %#', (parser, text, expected) => {
    expect(reason(parser, text)).toMatch(expected);
  });

  it('the message that hpcc leaves on stderr', () => {
    expect(reason('hpcc', read('own-hpcc-grid-mismatch.stderr'))).toBe('the summary of hpcc is missing');
  });
});

describe("a site's own pattern", () => {
  const parser = patternParser('^steps: (?<steps>\\d+), performance: (?<value>\\S+) ns/day$', 'performance');

  it('finds value and parameters', () => {
    expect(parser('x\nsteps: 500, performance: 12.5 ns/day\n')).toEqual({
      measurements: [{ metric: 'performance', value: 12.5 }],
      parameters: { steps: '500' },
    });
  });

  it.each([
    ['', /is missing$/],
    ['steps: 5, performance: 1 ns/day\nsteps: 5, performance: 2 ns/day\n', /occurs 2 times$/],
    ['steps: 5, performance: 12,5 ns/day', /not a number$/],
    ['steps: 5, performance: 0 ns/day', /is 0$/],
  ])('refuses %p', (text, expected) => expect(() => parser(text)).toThrow(expected));

  it('is refused itself without a group or a meaning', () => {
    expect(() => patternParser('(\\d+)', 'x')).toThrow(/no group named value/);
    expect(() => patternParser('(?<value>', 'x')).toThrow(/no regular expression/);
  });
});

describe('reading a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctmgr-output-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'out');

  it('takes text', async () => {
    writeFileSync(path, 'a µs\r\nb\n');
    expect(await readOutput(path)).toBe('a µs\nb\n');
  });

  it.each([
    ['nothing', '', 'the output is empty'],
    ['binary data', Buffer.from([65, 0, 66]), 'the output holds binary data'],
    ['other text', Buffer.from([0xe4, 0xf6]), 'the output is not UTF-8 text'],
  ])('refuses %s', async (_name, content, expected) => {
    writeFileSync(path, content);
    await expect(readOutput(path)).rejects.toThrow(expected);
  });

  it('refuses 100 MB without reading them', async () => {
    truncateSync(path, 100 * 2 ** 20);
    await expect(readOutput(path)).rejects.toThrow('the output has 100 MiB, more than 16');
  });
});
