import { describe, expect, test } from '@jest/globals';
import { checkDefinition, readSections } from '../../lib/apptainer/check-definition.ts';
import { checkStages, splitStages, stageName } from '../../lib/apptainer/check-stages.ts';

const header = 'Bootstrap: docker\nFrom: a\n';

describe('checkDefinition', () => {
  test('finds nothing wrong with what Apptainer reads as it is meant', () => {
    const text = `${header}\n%post\n    echo \rbootstrap: {{.State}} {''{x}} 50% a%b ''%wheel\n\n%files\n    a /b\n    "a b" /c\n%labels\n    a {{range .}}\n`;
    expect(checkDefinition(text)).toEqual([]);
    expect(readSections(text).map(({ name }) => name)).toEqual(['', 'post', 'files', 'labels']);
  });

  test.each([
    ['From: a\n%post\n', 'bootstrap is missing'],
    ['Bootstrap: docker\n', 'from is missing'],
    ['Bootstrap: docker\nFrom: a # b\n', '# or \\'],
    ['Bootstrap: docker\nFrom: a\nnonsense\n', 'is not KEY: VALUE'],
    [`${header}%post\n  echo {{ x }}\n`, 'line 4: {{x}}'],
    [`${header}# {{x}}\n`, '{{x}}'],
    [`${header}%post\n echo {{\nx\n}}\n`, '{{x}}'],
    [`${header}%post\nBootStrap: x\n`, 'line 4: a line that begins with bootstrap:'],
    [`${header}%post\n   %wheel ALL\n`, '"%wheel ALL" is not a section'],
    [`${header}%post\n\u00a0%post\n`, 'is not a section'],
    [`${header}%wheel\n`, 'is not a section'],
    [`${header}%post\necho a\r\n`, 'carriage return'],
    [`${header}%post\n\0\n`, 'NUL'],
    [`${header}%files\n a b c\n`, 'line 4: 3 words'],
    [`${header}%files\n\n a\n`, 'line 5: 1 words'],
    [`${header}%post\n${'x\n'.repeat(32_768)}`, 'Apptainer reads less than 65536'],
    [`${header}%post\n${'é\n'.repeat(21_845)}%files\n`, 'Apptainer reads less than 65536'],
  ])('%j', (text, words) => {
    expect(checkDefinition(text).join('\n')).toContain(words);
  });
});

describe('checkStages', () => {
  const two =
    'Bootstrap: docker\nFrom: a\nStage: one\n\nBootstrap: docker\nFrom: b\nStage: two\n%files from one\n a b\n';

  test('cuts a definition where Apptainer does, and finds nothing wrong with good ones', () => {
    expect(checkStages(two)).toEqual([]);
    expect(checkStages(header)).toEqual([]);
    expect(splitStages(`# c\n${two}`).map(stageName)).toEqual(['one', 'two']);
    expect(splitStages(`${header}%post\n echo bootstrap: x\nBOOTSTRAP: y\n`)).toHaveLength(2);
  });

  test.each([
    [two.replace('from one', 'from two'), 'stage two: %files from two: no stage before has this name'],
    [two.replace('Stage: one\n', ''), 'stage 1: a stage that is not the last has no name'],
    [two.replaceAll('Stage: two', 'Stage: one'), 'there is another stage of this name'],
    [`${header}%post\nBootStrap: x\n`, 'stage 2: header: from is missing'],
    [two.replace('Stage: one', 'Stage: one\n%post\n {{x}}'), 'stage one: line 5: {{x}}'],
  ])('%j', (text, words) => {
    expect(checkStages(text).join('\n')).toContain(words);
  });
});
