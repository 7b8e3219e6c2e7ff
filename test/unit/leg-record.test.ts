import { describe, expect, it } from '@jest/globals';

import { legProblem, type LegRecord, readLegRecord } from '../../lib/benchmarks/leg-record.ts';

const record: LegRecord = {
  schema: 1,
  job_id: 4,
  allocation: 0,
  position: 0,
  leg: 'container',
  exit_code: 0,
  started: 1.5,
  ended: 2.5,
  launches: 2,
  tasks: 2,
  proofs: 4,
  places: ['inside /i.sif'],
  nodes: ['c1'],
  stdout_sha256: 'ab'.repeat(32),
  stderr_sha256: 'ab'.repeat(32),
  covariates: {},
};

describe('a leg', () => {
  it.each([
    [{}, undefined],
    [{ exit_code: 124 }, 'it took longer than 60 s and was stopped'],
    [{ exit_code: 3 }, 'it ended with exit code 3'],
    [
      { launches: 0, proofs: 0, places: [] },
      'it did not start its program through launch, so nobody knows where that ran',
    ],
    [{ places: ['outside none'] }, 'it ran on bare metal, not inside /i.sif'],
    [{ places: ['inside /i.sif', 'inside /j.sif'] }, 'it ran inside /j.sif, not inside /i.sif'],
    [
      { places: ['outside /i.sif'] },
      'it ran on bare metal (though APPTAINER_CONTAINER says /i.sif), not inside /i.sif',
    ],
    [{ proofs: 3 }, '3 of 4 tasks have said where they ran'],
  ])('in the container: %p', (change, problem) =>
    expect(legProblem({ ...record, ...change }, { image: '/i.sif', time: 60 })).toBe(problem),
  );

  it('on bare metal must not be in a container', () => {
    const order = { image: undefined, time: 60 };
    expect(legProblem({ ...record, places: ['outside none'] }, order)).toBeUndefined();
    expect(legProblem(record, order)).toBe('it ran inside /i.sif, not on bare metal');
  });

  it('is read from JSON only if it is whole', () => {
    expect(readLegRecord(JSON.stringify(record))).toEqual(record);
    expect(() => readLegRecord(JSON.stringify({ ...record, leg: 'other' }))).toThrow(/Invalid type/);
    expect(() => readLegRecord('{"schema":1')).toThrow(/JSON/);
  });
});
