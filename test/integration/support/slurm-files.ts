import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { TestSite } from './test-site.ts';

/** Slurm as far as a rebuild's start needs it: slurmctld answers unless `down` exists, sbatch counts job ids up. */
const scripts: Record<string, string> = {
  scontrol: `[ ! -e "$here/down" ] || { echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1; }
echo 'MaxArraySize            = 1001'`,
  sbatch: `[ "$1" != --version ] || { echo 'slurm 24.11.5'; exit 0; }
cat >/dev/null
echo x >>"$here/jobs"
wc -l <"$here/jobs" | tr -d ' '`,
};

/** The same site with stand-ins for scontrol and sbatch. */
export function withSlurm(site: TestSite): TestSite {
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  for (const [tool, text] of Object.entries(scripts)) {
    writeFileSync(join(bin, tool), `#!/bin/sh\nhere=\${0%/bin/*}\n${text}\n`, { mode: 0o755 });
  }
  return { ...site, slurm: { binDir: bin, timeout: 60_000 } };
}
