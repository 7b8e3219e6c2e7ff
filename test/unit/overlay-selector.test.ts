import { describe, expect, test } from '@jest/globals';
import { formatSelector, matchesSelector, parseSelector } from '../../lib/definitions/overlay-selector.ts';

const subject = {
  recipe: 'lammps-gpu',
  baseReference: 'registry.example.org:5000/library/debian:12-slim',
  distribution: 'debian',
  packageManager: 'apt',
};

describe('a selector', () => {
  test.each(['all', 'distribution:debian', 'package-manager:apt', 'base:*/debian:*', 'recipe:a:b c'])(
    '%j is read and written back',
    (text) => {
      expect(formatSelector(parseSelector(text))).toBe(text);
    },
  );

  test.each(['', 'All', 'all:', 'debian', 'distribution:', 'distribution', 'os:debian', ' all', 'base :x', 'all\n'])(
    '%j is none',
    (text) => {
      expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});

describe('matching', () => {
  test.each([
    ['all', true],
    ['distribution:debian', true],
    ['distribution:deb*', false],
    ['distribution:Debian', false],
    ['package-manager:apt', true],
    ['package-manager:dnf', false],
    ['recipe:lammps-gpu', true],
    ['recipe:lammps', false],
    ['recipe:lammps*', true],
    ['recipe:*-gpu', true],
    ['recipe:*', true],
    ['recipe:**', true],
    ['recipe:l?mmps-g??', true],
    ['recipe:lammps-gpu?', false],
    ['recipe:*amm*gpu*', true],
    ['recipe:*gpu*amm*', false],
    ['recipe:lammps.gpu', false],
    ['recipe:[a-z]*', false],
    ['base:*', true],
    ['base:*/debian:12*', true],
    ['base:debian*', false],
    ['base:registry.example.org:5000/*', true],
  ])('%s: %p', (text, expected) => {
    expect(matchesSelector(parseSelector(text), subject)).toBe(expected);
  });

  test('what is not known about a base image matches nothing', () => {
    const unknown = { ...subject, distribution: null, packageManager: null };
    expect(matchesSelector(parseSelector('distribution:null'), unknown)).toBe(false);
    expect(matchesSelector(parseSelector('package-manager:null'), unknown)).toBe(false);
    expect(matchesSelector(parseSelector('all'), unknown)).toBe(true);
  });

  test('a pattern made to take for ever does not', () => {
    const selector = parseSelector(`recipe:${'*a'.repeat(2000)}*b`);
    expect(matchesSelector(selector, { ...subject, recipe: 'a'.repeat(4000) })).toBe(false);
  });
});
