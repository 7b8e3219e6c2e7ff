import type { Evidence } from '../../../lib/builds/decide.ts';

/** The time at which evidence is looked at, in seconds since the epoch. */
export const now = 1_800_000_000;

/** A queued instance of which nothing is known, Slurm having been asked. */
export const nothing: Evidence = {
  status: 'queued',
  result: undefined,
  resultProblem: undefined,
  claimed: false,
  cancelledBy: null,
  shareSeen: true,
  record: undefined,
  overMemory: false,
  slurm: 'answered',
  arrayInQueue: false,
  missingSince: null,
  now,
  resultGrace: 30,
  lostAfter: 900,
  nameOf: (uid) => `user-${uid}`,
};
