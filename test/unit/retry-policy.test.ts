import { describe, expect, test } from '@jest/globals';
import { nextAttempt } from '../../lib/builds/retry-policy.ts';
import type { ResourceClass } from '../../lib/config/schema.ts';
import type { FailureKind } from '../../lib/store/schema.ts';

const small: ResourceClass = { partition: 'build', cpus: 1, time: '01:00:00', extra_arguments: [] };
const config = {
  retry: { infrastructure: 2, delay: 60, requeues: 5 },
  classes: { small: { ...small, larger: 'big' }, big: { ...small, larger: 'huge' }, huge: small },
};
const again = { class: 'small', delay: 60 };

type Row = [kind: FailureKind, earlier: (FailureKind | null)[], next: unknown];

describe('a build in class small that failed is tried again', () => {
  test.each<Row>([
    ['node', [], again],
    ['infrastructure', [], again],
    ['node', ['infrastructure'], again],
    ['node', ['node', 'infrastructure'], undefined],
    ['infrastructure', ['build', null, 'oom'], again],
    ['oom', [], { class: 'big', delay: 0 }],
    ['oom', ['node', 'node'], { class: 'big', delay: 0 }],
    ['oom', ['oom'], undefined],
    ['build', [], undefined],
    ['test', [], undefined],
    ['timeout', [], undefined],
    ['publish', [], undefined],
  ])('%s after %j: %j', (kind, earlier, next) => {
    expect(nextAttempt(config, kind, 'small', earlier)).toEqual(next);
  });

  test('not after running out of memory where nothing is larger, or the class is gone', () => {
    expect(nextAttempt(config, 'oom', 'huge', [])).toBeUndefined();
    expect(nextAttempt(config, 'oom', 'constructor', [])).toBeUndefined();
  });

  test('never, if the site does not want it', () => {
    const never = { ...config, retry: { ...config.retry, infrastructure: 0 } };
    expect(nextAttempt(never, 'node', 'small', [])).toBeUndefined();
  });
});
