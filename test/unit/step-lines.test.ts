import { describe, expect, test } from '@jest/globals';
import type { PlanStep } from '../../lib/definitions/recipe-plan.ts';
import { stepComment } from '../../lib/definitions/step-comment.ts';
import { usedFunctions } from '../../lib/definitions/used-functions.ts';
import { quoteLines, wrapPlain } from '../../lib/definitions/wrap-command.ts';

const apt = 'apt-get update     && apt-get install -y gcc make     && rm -rf /var/lib/apt/lists/*';

describe('a command in lines', () => {
  test('is broken where the Dockerfile was, outside the quotes: the word is the same', () => {
    expect(quoteLines(apt)).toBe(
      "'apt-get update '\\\n'    && apt-get install -y gcc make '\\\n'    && rm -rf /var/lib/apt/lists/*'",
    );
    expect(wrapPlain(apt, (line) => line)).toBe(
      'apt-get update \\\n        && apt-get install -y gcc make \\\n        && rm -rf /var/lib/apt/lists/*',
    );
  });

  test('is not broken in quotes, in a here-document, or when it is short', () => {
    const quoted = `echo 'one    two' "three    four \\" five    six" and some more that makes it long enough`;
    for (const text of [quoted, `cat <<EOF\n${apt}\nEOF`, 'make     && make install']) {
      expect(quoteLines(text)).not.toContain("'\\\n'");
    }
  });

  test('marks of Apptainer stay broken up', () => {
    expect(quoteLines(`${apt}     %post {{x}}`)).toContain("'    %post {''{x}}'");
  });
});

describe('the comment of a step', () => {
  const comment = (instruction: string, whole?: boolean): string =>
    stepComment({ kind: 'user', user: '', line: 7, instruction } satisfies PlanStep, whole);

  test('names line and instruction, and the whole of it where that helps', () => {
    expect(comment('copy  a\tb')).toBe('# Dockerfile line 7: COPY');
    expect(comment('copy  a\tb', true)).toBe('# Dockerfile line 7: COPY a b');
    expect([...comment(`COPY ${'ä'.repeat(200)}`, true)]).toHaveLength('# Dockerfile line 7: '.length + 100);
  });

  test('has nothing that Apptainer would read as its own', () => {
    expect(comment('COPY {{x}} a\n%post\r\nbootstrap: b', true)).toBe(
      '# Dockerfile line 7: COPY { {x}} a %post bootstrap: b',
    );
    expect(comment('COPY {{{x}} a', true)).not.toMatch(/\{\{/);
  });
});

test('only functions that are called are there, with those that they call', () => {
  const texts = ['    ctmgr_a() {\n        ctmgr_b\n    }\n    ctmgr_b() ( :\n    )\n    ctmgr_c() ( :\n    )'];
  expect(usedFunctions(texts, ['make', 'ctmgr_a x'])).toEqual([
    '    ctmgr_a() {\n        ctmgr_b\n    }',
    '    ctmgr_b() ( :\n    )',
  ]);
  expect(usedFunctions(texts, ['make'])).toEqual([]);
});
