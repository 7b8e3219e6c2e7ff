import * as v from 'valibot';

import { isName } from '../util/names.ts';

const text = v.pipe(v.string(), v.minLength(1));
const absolutePath = v.pipe(
  v.string(),
  v.check((path) => path.startsWith('/'), 'an absolute path'),
);
const seconds = v.pipe(v.number(), v.minValue(0.1), v.maxValue(31_536_000));
const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const fileMode = v.pipe(v.string(), v.regex(/^0[0-7]{3}$/));
const days = v.pipe(v.number(), v.minValue(0), v.maxValue(36_500));
const words = v.array(text);
const name = v.pipe(v.string(), v.check(isName, 'the name of an image'));
const accountName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9._-]{0,63}$/));

const variables = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/)), v.string());
/** `SRC[:DST[:FLAGS]]`, as `--container-mounts` takes it. */
const bind = v.pipe(v.string(), v.regex(/^(?:\/[^:,"]*|tmpfs)(?::\/[^:,"]*(?::[a-z=+-]+)?)?$/));
const gpu = v.picklist(['auto', 'nvidia', 'amd', 'none']);

/** What may differ for one image: how its containers are started. */
const containerSettings = {
  binds: v.optional(v.array(bind)),
  environment: v.optional(variables),
  arguments: v.optional(words),
  gpu: v.optional(gpu),
};

/** A resource class: what one array element asks Slurm for (sbatch(1)). */
const resourceClass = v.strictObject({
  partition: v.optional(text, 'build'),
  constraint: v.optional(text),
  cpus: v.optional(wholeNumber, 1),
  memory: v.optional(v.pipe(v.string(), v.regex(/^\d+[KMGT]?$/))),
  time: v.optional(v.pipe(v.string(), v.regex(/^(\d+-)?\d+(:\d+){0,2}$/)), '02:00:00'),
  account: v.optional(text),
  qos: v.optional(text),
  reservation: v.optional(text),
  extra_arguments: v.optional(words, []),
  larger: v.optional(text),
});

const programs = v.record(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,30}$/)), text);

/** What this site says about one benchmark: where its programs are and what its jobs ask Slurm for. */
const benchmark = v.strictObject({
  partition: v.optional(text),
  constraint: v.optional(text),
  account: v.optional(text),
  qos: v.optional(text),
  reservation: v.optional(text),
  extra_arguments: v.optional(words, []),
  srun_arguments: v.optional(words, []),
  apptainer_arguments: v.optional(words, []),
  modules: v.optional(words, []),
  programs: v.optional(programs, {}),
  container_programs: v.optional(programs, {}),
  gap: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3600))),
});

/** A benchmark that images have to pass before their names mean them. */
const gate = v.strictObject({
  benchmark: text,
  images: v.optional(v.pipe(words, v.minLength(1)), ['*']),
  /** None: the benchmark's first one. */
  metrics: v.optional(v.pipe(words, v.minLength(1))),
  parameters: v.optional(v.record(text, v.string()), {}),
  pairs: v.optional(
    v.pipe(
      wholeNumber,
      // Of fewer no outcome can open a gate: see equivalenceTest of the benchmarks.
      v.minValue(8),
      v.check((pairs) => pairs % 2 === 0, 'an even number'),
    ),
    // The fewest that can show a difference when they are spread over five allocations.
    12,
  ),
  allocations: v.optional(wholeNumber),
  nodes: v.optional(wholeNumber),
  tasks_per_node: v.optional(wholeNumber),
  margin: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1))),
});

/** A rebuild that the service starts by itself; cron expressions as node-cron takes them. */
const schedule = v.strictObject({
  cron: text,
  time_zone: v.optional(text),
  names: v.optional(words, []),
  classes: v.optional(words, []),
  missed: v.optional(v.picklist(['run', 'skip']), 'run'),
  hold: v.optional(v.boolean(), false),
  changed: v.optional(v.boolean(), false),
});

/** As it may stand on a command line and in a header. */
const mailAddress = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9.-]+)?$/));

/** Every key of config.toml with its type and default. A key that is not here is an error. */
export const configSchema = v.strictObject({
  paths: v.optional(
    v.strictObject({
      state: v.optional(absolutePath, '/var/lib/ctmgr'),
      share: v.optional(absolutePath, '/srv/ctmgr'),
      recipe_templates: v.optional(absolutePath, '/etc/ctmgr/recipe-templates'),
      sbatch_templates: v.optional(absolutePath, '/etc/ctmgr/sbatch-templates'),
      benchmarks: v.optional(absolutePath, '/etc/ctmgr/bench'),
    }),
    {},
  ),
  rights: v.optional(
    v.strictObject({
      admin_users: v.optional(v.array(accountName), []),
      admin_groups: v.optional(v.array(accountName), []),
      rebuild: v.optional(v.picklist(['root', 'admin']), 'root'),
    }),
    {},
  ),
  build: v.optional(
    v.strictObject({
      user: v.optional(accountName, 'ctmgr'),
      scratch: v.optional(absolutePath, '/tmp'),
      class: v.optional(text, 'default'),
      throttle: v.optional(wholeNumber),
      verification_days: v.optional(wholeNumber, 7),
      arguments: v.optional(words, []),
      environment: v.optional(variables, {}),
      registry_unreachable: v.optional(v.picklist(['build', 'skip']), 'build'),
    }),
    {},
  ),
  classes: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,30}$/)), resourceClass), {}),
  benchmarks: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,30}$/)), benchmark), {}),
  gates: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,30}$/)), gate), {}),
  signing: v.optional(v.strictObject({ key: absolutePath, public_key: absolutePath })),
  apptainer: v.optional(v.strictObject({ path: v.optional(absolutePath, '/usr/bin/apptainer') }), {}),
  slurm: v.optional(
    v.strictObject({
      bin_dir: v.optional(absolutePath),
      command_timeout: v.optional(seconds, 120),
    }),
    {},
  ),
  containers: v.optional(
    v.strictObject({
      binds: v.optional(v.array(bind), []),
      environment: v.optional(variables, {}),
      arguments: v.optional(words, []),
      gpu: v.optional(gpu, 'auto'),
      mount_home: v.optional(v.boolean(), true),
      user_images: v.optional(v.boolean(), false),
      batch_script: v.optional(v.picklist(['host', 'inside']), 'host'),
      images: v.optional(v.record(name, v.strictObject(containerSettings)), {}),
    }),
    {},
  ),
  registries: v.optional(
    v.strictObject({
      insecure: v.optional(v.array(v.pipe(v.string(), v.regex(/^[^\s/@]+$/))), []),
      timeout: v.optional(seconds, 20),
    }),
    {},
  ),
  images: v.optional(
    v.strictObject({
      owner: v.optional(accountName),
      group: v.optional(accountName),
      mode: v.optional(fileMode, '0444'),
    }),
    {},
  ),
  poll: v.optional(
    v.strictObject({
      results_interval: v.optional(seconds, 1),
      slurm_interval: v.optional(seconds, 15),
      slurm_interval_max: v.optional(seconds, 300),
      slurm_backoff: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(10)), 1.5),
      submit_settle: v.optional(seconds, 15),
      result_grace: v.optional(seconds, 30),
      lost_after: v.optional(seconds, 900),
    }),
    {},
  ),
  gc: v.optional(
    v.strictObject({
      keep: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 3),
      grace_days: v.optional(days, 14),
      logs_days: v.optional(days, 90),
      tasks_days: v.optional(days, 30),
      job_scripts: v.optional(v.boolean(), true),
    }),
    {},
  ),
  retry: v.optional(
    v.strictObject({
      infrastructure: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10)), 2),
      delay: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400)), 60),
      requeues: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000)), 5),
    }),
    {},
  ),
  service: v.optional(
    v.strictObject({
      nightly: v.optional(text),
      time_zone: v.optional(text, 'UTC'),
      schedules: v.optional(v.boolean(), true),
      log: v.optional(absolutePath),
    }),
    {},
  ),
  schedules: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,30}$/)), schedule), {}),
  notify: v.optional(
    v.strictObject({
      exec: v.optional(v.tupleWithRest([absolutePath], v.string())),
      mail_to: v.optional(v.array(mailAddress), []),
      mail_from: v.optional(mailAddress),
      sendmail: v.optional(absolutePath, '/usr/sbin/sendmail'),
      when: v.optional(v.picklist(['problems', 'always']), 'problems'),
      timeout: v.optional(seconds, 60),
    }),
    {},
  ),
});

/** The effective configuration: every default filled in. */
export type Config = v.InferOutput<typeof configSchema>;

export type ResourceClass = v.InferOutput<typeof resourceClass>;

export type GateSettings = v.InferOutput<typeof gate>;

export type BenchmarkSettings = v.InferOutput<typeof benchmark>;
