import type { Config } from '../config/schema.ts';
import type { FailureKind } from '../store/schema.ts';

/** How a failed build is tried again. */
export interface NextAttempt {
  class: string;
  /** Seconds until it may start. */
  delay: number;
}

/**
 * Whether a failed build is tried again without being asked: what the node or the site's machinery broke, up to
 * `retry.infrastructure` times after a pause; what needed more memory, once and in the class that `larger` names; what the
 * image itself broke (build, test), its time limit or its publication, never. `earlier` are the kinds of the attempts
 * before. Pure.
 */
export function nextAttempt(
  config: Pick<Config, 'retry' | 'classes'>,
  kind: FailureKind,
  className: string,
  earlier: readonly (FailureKind | null)[],
): NextAttempt | undefined {
  switch (kind) {
    case 'node':
    case 'infrastructure': {
      const before = earlier.filter((other) => other === 'node' || other === 'infrastructure').length;
      return before < config.retry.infrastructure ? { class: className, delay: config.retry.delay } : undefined;
    }
    case 'oom': {
      const larger = largerClass(config, className);
      return larger === undefined || earlier.includes('oom') ? undefined : { class: larger, delay: 0 };
    }
    default:
      return undefined;
  }
}

/** The class for a build that needed more memory than this one gives. */
export function largerClass({ classes }: Pick<Config, 'classes'>, className: string): string | undefined {
  return Object.hasOwn(classes, className) ? classes[className]?.larger : undefined;
}
