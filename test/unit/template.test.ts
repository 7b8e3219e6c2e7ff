import { describe, expect, test } from '@jest/globals';
import { CtmgrError } from '../../lib/util/errors.ts';
import { renderTemplate, type TemplateData } from '../../lib/util/template.ts';

function problemOf(text: string, data: TemplateData): string {
  try {
    renderTemplate(text, data, 'x.mustache');
  } catch (error) {
    if (error instanceof CtmgrError && error.code === 'configuration') return error.message;
    throw error;
  }
  return 'rendered';
}

describe('renderTemplate', () => {
  test('fills in texts, sections, lists and names of outer levels without escaping', () => {
    const data = { b: `<&"'\`>/`, n: 0, l: [{ x: '1' }, { x: '2' }], z: false, s: ['p', 'q'] };
    expect(
      renderTemplate('{{b}} {{n}}\n{{#l}}\n- {{x}} {{b}}\n{{/l}}\n{{^z}}no {{/z}}{{#s}}{{.}},{{/s}}', data, 't'),
    ).toBe(`<&"'\`>/ 0\n- 1 <&"'\`>/\n- 2 <&"'\`>/\nno p,q,`);
  });

  test('does not read inserted text as a template', () => {
    expect(renderTemplate('{{a}}', { a: '{{b}} {{#c}}' }, 't')).toBe('{{b}} {{#c}}');
  });

  test.each<[string, TemplateData, number, string]>([
    ['a\n\n{{nope}}', {}, 3, 'nope'],
    ['{{#nope}}x{{/nope}}', {}, 1, 'nope'],
    ['\n{{^nope}}x{{/nope}}', {}, 2, 'nope'],
    ['{{#l}}\n{{nope}}{{/l}}', { l: [{}] }, 2, 'nope'],
    ['{{a.b}}', { a: {} }, 1, 'a.b'],
    ['{{toString}}', {}, 1, 'toString'],
  ])('names template, name and line of what is missing: %j', (text, data, line, name) => {
    const problem = problemOf(text, data);
    expect(problem).toBe(`template x.mustache, line ${line}: nothing is named ${JSON.stringify(name)} here`);
  });

  test.each([
    ['a\n{{x', 2, 'Unclosed tag'],
    ['{{#l}}\nx', 2, 'Unclosed section'],
    ['\n\n{{> p}}', 3, 'partials'],
  ])('names the line of a mistake in the template itself: %j', (text, line, words) => {
    const problem = problemOf(text, { l: [] });
    expect(problem).toContain(`template x.mustache, line ${line}: `);
    expect(problem).toContain(words);
  });
});
