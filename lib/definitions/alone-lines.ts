import type { BuildStage } from './build-stages.ts';
import type { CopyLayout } from './copy-layout.ts';
import type { PlanStep } from './recipe-plan.ts';

/** Package managers set the umask for what they install (dpkg, rpm: 022); the others change or remove files that are there. */
const careless = /^(yum|dnf|microdnf|rpm|apt-get|apt|dpkg|yum-config-manager|rm|sed|true|:)$/;

/**
 * What Apptainer does otherwise while building, unless it is told not to (seen with 1.4.5): variables of its own, for prompts and
 * libraries that a job binds; `alone`, without what the batch script of a rebuild sets up, also umask 002, and the host's /tmp and
 * /var/tmp over the image's. Empty for a stage in which none can matter.
 */
export function buildLines(
  { steps }: BuildStage,
  layouts: ReadonlyMap<string, CopyLayout>,
  prepares: boolean,
  alone: boolean,
): string[] {
  const copies = [...layouts.values()].some(({ kind }) => kind !== 'files');
  if (!copies && !prepares && !steps.some(({ step }) => isSensitive(step))) return [];
  const runs = steps.some(({ step }) => step.kind === 'run');
  const lines = [
    ...(alone ? ['umask 022', 'umount /tmp /var/tmp 2>/dev/null || :'] : []),
    ...(runs
      ? [
          'unset PS1 PROMPT_COMMAND',
          'LD_LIBRARY_PATH=${LD_LIBRARY_PATH%:/.singularity.d/libs}',
          '[ "$LD_LIBRARY_PATH" != /.singularity.d/libs ] || unset LD_LIBRARY_PATH',
        ]
      : []),
  ];
  return lines.length > 0 ? ['# As Docker runs commands', ...lines] : [];
}

function isSensitive(step: PlanStep): boolean {
  if (step.kind === 'workdir') return step.path !== '/';
  if (step.kind !== 'run') return false;
  const text = step.argv.at(-1) ?? '';
  if (step.form === 'exec' || /[<>|;`$()\n]|tmp/.test(text)) return true;
  return text.split('&&').some((command) => !careless.test(command.trim().split(/\s+/)[0] ?? ''));
}
