import type { PlanLabel } from './recipe-plan.ts';

/**
 * A label as Apptainer can store it: it reads lines `NAME VALUE`, takes `#` in front for a comment and blanks around off
 * (apptainer/apptainer, internal/pkg/build/metadata.go). Line breaks become blanks; undefined for a name that cannot be one.
 */
export function storedLabel({ name, value }: PlanLabel): PlanLabel | undefined {
  if (/\s|^#/.test(name)) return undefined;
  return { name, value: value.replace(/\s*[\r\n]+\s*/g, ' ').trim() };
}
