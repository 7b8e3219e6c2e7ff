import { shellJoin, shellQuote } from '../util/shell-quote.ts';

/** What the build script has to know about one image. */
export interface TaskValues {
  /** Image name, for the log only. */
  name: string;
  /** Final path of the image file. */
  target: string;
  /** Final path of the result file (`result-file.ts`). */
  result: string;
  /** Final path of the list of packages (`package-list.ts`). */
  packages: string;
  /** `definition`: recipe.def is built; `file`: context/image is an image, published as it is. */
  source: 'definition' | 'file';
  /** False for a verification build, whose image is thrown away. */
  publish: boolean;
  /** True if the definition has a `%test` section. */
  test: boolean;
  /** Processor and variant that the image is for, in the names of OCI; empty: those of the node, and none. */
  architecture: string;
  variant: string;
}

/** What the build script has to know about the site. */
export interface BuildScriptValues {
  /** Folder of the build tag's tasks; each array index has a subfolder in it. */
  tasksFolder: string;
  apptainer: string;
  /** Node-local folder in which each build makes a scratch folder of its own. */
  scratchParent: string;
  /** Further arguments of `apptainer build`. */
  buildArguments: readonly string[];
  /** Variables for Apptainer (APPTAINER_NOHTTPS, http_proxy, …); the build sees nothing else of the job's environment. */
  environment: Readonly<Record<string, string>>;
  /** How often Slurm may put an element back into the queue and start it again. */
  requeues: number;
  /** How long a build that was told to end may clean up before it is killed, in steps of 0.1 s. */
  graceSeconds: number;
}

/** Text of `task.env`, a shell fragment that the build script reads with the `.` command. */
export function taskEnvironment(values: TaskValues): string {
  const lines = [
    ['NAME', values.name],
    ['TARGET', values.target],
    ['RESULT', values.result],
    ['PACKAGES', values.packages],
    ['SOURCE', values.source],
    ['PUBLISH', values.publish ? 'yes' : 'no'],
    ['TEST', values.test ? 'yes' : 'no'],
    ['ARCH', values.architecture],
    ['VARIANT', values.variant],
  ] as const;
  return lines.map(([name, value]) => `${name}=${shellQuote(value)}\n`).join('');
}

/** Names and values for `build.sbatch.mustache`. Every value is quoted for the shell; the template inserts them bare. */
export function buildScriptData(values: BuildScriptValues): Record<string, string> {
  return {
    tasksFolder: shellQuote(values.tasksFolder),
    apptainer: shellQuote(values.apptainer),
    scratchParent: shellQuote(values.scratchParent),
    buildArguments: shellJoin(values.buildArguments),
    requeues: String(values.requeues),
    graceTenths: String(Math.round(values.graceSeconds * 10)),
    environment: shellJoin(Object.entries(values.environment).map(([name, value]) => `${name}=${value}`)),
  };
}
