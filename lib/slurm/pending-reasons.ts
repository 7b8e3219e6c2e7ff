/** A reason for which a job waits until somebody does something. */
interface Blockage {
  /** Matches the reason as squeue prints it. */
  reason: RegExp;
  /** What it means, and what helps; `JOB` and `CLASS` stand for the job id and the resource class. */
  meaning: string;
  help: string;
}

/**
 * squeue(1), JOB REASON CODES, of 22.05 to 26.05. Reasons that pass by themselves (Priority, Resources, Dependency, BeginTime,
 * JobArrayTaskLimit, Licenses, …) are not in the list.
 */
const blockages: Blockage[] = [
  { reason: /^JobHeld(Admin|User)$/, meaning: 'somebody holds the job', help: 'scontrol release JOB' },
  {
    reason:
      /^(JobHoldMaxRequeue|launch[ _]fail(ed|ure limit exceeded)[ _]requeued[ _]held|job[ _]requeued[ _]in[ _](held|special exit)[ _]state)$/i,
    meaning: 'Slurm holds the job because it could not start it several times',
    help: 'look at the node in the log of slurmctld, then: scontrol release JOB',
  },
  {
    reason: /^PartitionTimeLimit$/,
    meaning: "the class asks for more time than its partition's MaxTime",
    help: 'lower classes.CLASS.time, then cancel and retry; or raise MaxTime',
  },
  {
    reason: /^PartitionNodeLimit$/,
    meaning: 'the partition does not allow that many nodes',
    help: 'correct classes.CLASS, then cancel and retry',
  },
  {
    reason: /^Partition(Down|Inactive)$/,
    meaning: 'the partition is down or inactive',
    help: 'scontrol update PartitionName=… State=UP',
  },
  {
    reason: /^(BadConstraints|ReqNodeNotFound|InvalidConstraint)/,
    meaning: 'no node can ever have what the class asks for',
    help: 'correct classes.CLASS (constraint, cpus, memory, extra_arguments), then cancel and retry',
  },
  {
    reason: /^(ReqNodeNotAvail|NodeDown|NodeNotAvail)|DOWN.*DRAINED/,
    meaning: 'the nodes are down, drained or reserved',
    help: 'sinfo -R; scontrol update NodeName=… State=RESUME',
  },
  {
    reason: /^(Assoc|QOS).*(PerJob|MaxWallDuration|MinCpuNotSatisfied|MinGRES|UsageThreshold|TimeLimit|NotAllowed)/,
    meaning: 'one job asks for more than the account or QOS allows, so it never starts',
    help: 'correct classes.CLASS (account, qos, cpus, memory, time), then cancel and retry',
  },
  {
    reason: /^(Assoc|QOS)(Grp|Max).*(Limit|Minutes)/,
    meaning: 'a limit of the account or QOS is reached',
    help: 'wait for its other jobs, or raise the limit: sacctmgr show assoc / qos',
  },
  {
    reason: /^(InvalidAccount|InvalidQOS|AccountNotAllowed|QOSNotAllowed)$/,
    meaning: 'the account or QOS of the class is not valid for the partition',
    help: 'correct classes.CLASS (account, qos), then cancel and retry',
  },
  {
    reason: /^(Reservation|ReservationDeleted|ReservationInvalid|RESV_DEL_HOLD)$/,
    meaning: 'the reservation of the class is not there now',
    help: 'scontrol show reservation; correct classes.CLASS.reservation',
  },
  {
    reason: /^Reservation .*( was deleted| is invalid)$/,
    meaning: 'the reservation of the class is over, and Slurm holds the job',
    help: 'correct classes.CLASS.reservation, then cancel and retry',
  },
  {
    reason: /^DependencyNeverSatisfied$/,
    meaning: 'what the job depends on has failed',
    help: 'cancel and retry',
  },
  {
    reason: /^(MaxMemPerLimit|MaxCPUsPerNode|OutOfMemory)$/,
    meaning: 'the class asks for more memory or CPUs than the partition allows',
    help: 'correct classes.CLASS (memory, cpus), then cancel and retry',
  },
];

/** What a reason of Slurm's means and what helps, if a job that waits for it needs somebody; undefined otherwise. */
export function explainReason(
  reason: string,
  job: string,
  className: string,
): { meaning: string; help: string } | undefined {
  const found = blockages.find((blockage) => blockage.reason.test(reason));
  if (found === undefined) return undefined;
  return { meaning: found.meaning, help: found.help.replace('JOB', job).replaceAll('CLASS', className) };
}
