import type { BuildStage } from './build-stages.ts';
import type { CopyLayout } from './copy-layout.ts';
import type { PlanStep } from './recipe-plan.ts';

/** Package managers set the umask for what they install (dpkg, rpm: 022); the others change or remove files that are there. */
const careless = /^(yum|dnf|microdnf|rpm|apt-get|apt|dpkg|yum-config-manager|rm|sed|true|:)$/;

/**
 * What Apptainer does otherwise while building, unless it is told not to: umask 002, and the host's /tmp and /var/tmp over the
 * image's (seen with 1.4.5). Empty for a stage in which neither can matter.
 */
export function aloneLines(
  { steps }: BuildStage,
  layouts: ReadonlyMap<string, CopyLayout>,
  prepares: boolean,
): string[] {
  const copies = [...layouts.values()].some(({ kind }) => kind !== 'files');
  if (!copies && !prepares && !steps.some(({ step }) => isSensitive(step))) return [];
  return ['umask 022', 'umount /tmp 2>/dev/null || :', 'umount /var/tmp 2>/dev/null || :'];
}

function isSensitive(step: PlanStep): boolean {
  if (step.kind === 'workdir') return step.path !== '/';
  if (step.kind !== 'run') return false;
  const text = step.argv.at(-1) ?? '';
  if (step.form === 'exec' || /[<>|;`$()\n]|tmp/.test(text)) return true;
  return text.split('&&').some((command) => !careless.test(command.trim().split(/\s+/)[0] ?? ''));
}
