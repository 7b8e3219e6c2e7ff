import { describe, expect, test } from '@jest/globals';
import { planRebuild } from '../../lib/builds/plan-rebuild.ts';
import type { RenderedRecipe } from '../../lib/definitions/render-recipe.ts';
import { emptyPlan } from './support/empty-plan.ts';

function recipe(name: string, className: string | null = null, definition = `From: ${name}\n`): RenderedRecipe {
  const common = {
    id: 1,
    created_at: 0,
    created_by: 'admin1',
    base_image_id: 1,
    message: null,
    origin: null,
    kind: 'dockerfile' as const,
  };
  return {
    source: {
      recipe: {
        ...common,
        name,
        class: className,
        dockerfile_location: '/Dockerfile',
        context_location: null,
        group: null,
        retired_at: null,
        link_behind: 0,
      },
      content: {
        ...common,
        recipe_id: 1,
        version: 1,
        dockerfile: '',
        dockerfile_hash: '',
        build_arguments: '{}',
        context_digest: null,
        context_manifest: '{}',
        image_config: '{}',
        target: null,
        platform: null,
        strict: 0,
        pull_config: 1,
      },
      base: {
        id: 1,
        name: 'debian',
        type: 'docker',
        location: 'debian:12',
        package_manager: null,
        distribution: null,
        created_at: 0,
      },
    },
    plan: emptyPlan,
    manifest: { entries: [], digest: 'sha256:0' },
    overlays: [],
    definition,
  };
}

const shape = (recipes: RenderedRecipe[], most: number): [string, string][] =>
  planRebuild(recipes, 'default', most).map((array) => [
    array.class,
    array.instances.map(({ name, taskIndex, arrayIndex }) => `${name}=${taskIndex}/${arrayIndex}`).join(' '),
  ]);

describe('arrays', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((name) => recipe(name));

  test('tasks are numbered through the tag, indices through each array', () => {
    const mixed = [recipe('a'), recipe('b', 'big'), recipe('c'), recipe('d', 'big'), recipe('e', 'default')];
    expect(shape(mixed, 1001)).toEqual([
      ['default', 'a=0/0 c=1/1 e=2/2'],
      ['big', 'b=3/0 d=4/1'],
    ]);
  });

  test('the largest index stays below MaxArraySize, whatever it is', () => {
    expect(shape(five, 2)).toEqual([
      ['default', 'a=0/0 b=1/1'],
      ['default', 'c=2/0 d=3/1'],
      ['default', 'e=4/0'],
    ]);
    for (let most = 1; most <= 7; most += 1) {
      const instances = planRebuild(five, 'default', most).flatMap((array) => array.instances);
      expect(Math.max(...instances.map(({ arrayIndex }) => arrayIndex))).toBeLessThan(most);
      expect(instances.map(({ taskIndex }) => taskIndex)).toEqual([0, 1, 2, 3, 4]);
      expect(instances.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  test('exactly MaxArraySize elements fit into one array', () => {
    expect(planRebuild(five, 'default', 5)).toHaveLength(1);
    expect(planRebuild(five, 'default', 4)).toHaveLength(2);
  });

  test('no recipe is no array; a Slurm without arrays is an error', () => {
    expect(planRebuild([], 'default', 1001)).toEqual([]);
    expect(() => planRebuild(five, 'default', 0)).toThrow(expect.objectContaining({ code: 'configuration' }));
  });

  test('the longest build has the first index; what was never built comes before it; tasks keep their order', () => {
    const expected = new Map([
      ['a', 5],
      ['b', 60],
      ['d', 30],
      ['e', 60],
    ]);
    const order = (most: number): string[] =>
      planRebuild(five, 'default', most, expected).map(({ instances }) =>
        instances.map(({ name, taskIndex, arrayIndex }) => `${name}=${taskIndex}/${arrayIndex}`).join(' '),
      );
    expect(order(9)).toEqual(['c=2/0 b=1/1 e=4/2 d=3/3 a=0/4']);
    expect(order(3)).toEqual(['c=2/0 b=1/1 e=4/2', 'd=3/0 a=0/1']);
  });

  test('names like properties of objects are classes like others', () => {
    expect(shape([recipe('a', 'constructor'), recipe('b', 'tostring')], 9)).toEqual([
      ['constructor', 'a=0/0'],
      ['tostring', 'b=1/0'],
    ]);
  });
});
