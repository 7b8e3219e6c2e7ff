/** One thing of which two of database, disk and Slurm do not say the same. */
export interface Difference {
  /** Stable word for scripts, such as `image-missing`. */
  kind: string;
  /** What it is about: `NAME:TAG`, a path, a job id. */
  subject: string;
  detail: string;
  /** What a person can do; null if `--repair` does it. */
  fix: string | null;
  /** Makes the disk say again what the database says, and loses nothing; undefined: only a person can decide. */
  repair?: () => Promise<void>;
}
