import type { PlanStep } from './recipe-plan.ts';

const longest = 100;

/**
 * The comment in front of what a step has become: where it comes from and, if `whole`, what it says there. Apptainer reads nothing in
 * it as its own: it begins with `#`, and `{{` does not occur.
 */
export function stepComment({ line, instruction }: PlanStep, whole = false): string {
  const text = instruction.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  const keyword = /^\S*/.exec(text)?.[0].toUpperCase() ?? '';
  const shown = whole ? `${keyword}${text.slice(keyword.length)}` : keyword;
  const cut = shown.length > longest ? `${[...shown].slice(0, longest - 1).join('')}…` : shown;
  return `# Dockerfile line ${line}: ${cut.replaceAll(/\{(?=\{)/g, '{ ')}`;
}
