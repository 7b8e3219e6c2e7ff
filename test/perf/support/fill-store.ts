import { sql } from 'kysely';
import type { Store } from '../../../lib/store/open.ts';

/**
 * Adds whole build tags, one a day, to a store: a build of every recipe in each, one in a hundred failed, all published,
 * with the events that come with them. What NAME means is the newest.
 */
export async function fillStore(store: Store, share: string, firstDay: number, days: number): Promise<void> {
  await store.transaction().execute(async (db) => {
    for (let day = firstDay; day < firstDay + days; day += 1) {
      const at = 1_700_000_000 + day * 86_400;
      const tag = `${new Date(at * 1000).toISOString().slice(0, 10)}.1`;
      const folder = `${share}/builds/${tag}`;
      await sql`insert into build_tag (name, builds_path, logs_path, created_at, created_by)
        values (${tag}, ${folder}, ${`${share}/logs/${tag}`}, ${at}, 'perf')`.execute(db);
      await sql`insert into build_array (build_tag_id, class, marker, state, job_id, submitted_at)
        select id, 'default', ${`marker-${day}`}, 'submitted', ${1000 + day}, ${at} from build_tag
        where name = ${tag}`.execute(db);
      await sql`insert into container_instance (build_tag_id, build_array_id, recipe_content_id, task_index, array_index,
          status, failure_kind, message, node, file, size, sha256, input_hash, definition, started_at, ended_at, changed_at)
        select build_tag.id, build_array.id, content.id, content.place, content.place,
          iif(bad, 'failure', 'success'), iif(bad, 'build', null), iif(bad, 'RUN failed', null), 'b' || content.place % 64,
          iif(bad, null, ${folder} || '/' || content.name || '.sif'), iif(bad, null, 100000000),
          iif(bad, null, lower(hex(randomblob(32)))), lower(hex(randomblob(32))),
          ${'Bootstrap: docker\nFrom: debian:12\n'.repeat(8)}, ${at}, ${at + 300}, ${at + 300}
        from build_tag join build_array on build_array.build_tag_id = build_tag.id
          cross join (select recipe_content.id, name, row_number() over (order by recipe_content.id) - 1 as place,
            (recipe_content.id + ${day}) % 100 = 0 as bad
            from recipe_content join recipe on recipe.id = recipe_id) as content
        where build_tag.name = ${tag}`.execute(db);
      await sql`insert into event (at, actor, kind, subject, detail)
        select ${at + 300}, 'perf', 'image.publish', recipe.name || ':' || ${tag}, '{}' from recipe`.execute(db);
    }
  });
  await sql`insert or replace into current_image (recipe_id, container_instance_id, since, changed_by)
    select recipe_id, max(i.id), 0, 'perf' from container_instance i
      join recipe_content on recipe_content.id = recipe_content_id where status = 'success' group by recipe_id`.execute(
    store,
  );
}
