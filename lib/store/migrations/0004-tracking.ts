import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  `alter table build_tag add column throttle integer check (throttle >= 0)`,
  `alter table build_array add column begin_delay integer not null default 0 check (begin_delay >= 0)`,
  `alter table container_instance add column attempt integer not null default 1 check (attempt >= 1)`,
  `alter table container_instance add column cancelled_by text`,
  `alter table container_instance add column requeued_at integer`,
  `create table instance_attempt (
    container_instance_id integer not null references container_instance (id),
    number integer not null check (number >= 1),
    build_array_id integer not null references build_array (id),
    array_index integer not null,
    status text not null check (status in ('failure', 'cancelled', 'lost')),
    failure_kind text,
    message text,
    node text,
    exit_code integer,
    started_at integer,
    ended_at integer,
    primary key (container_instance_id, number)
  ) without rowid`,
  `create trigger instance_attempt_is_not_replaced before insert on instance_attempt
    when exists (select 1 from instance_attempt
      where container_instance_id = new.container_instance_id and number = new.number)
    begin select raise(abort, 'instance_attempt is history and is never replaced'); end`,
  ...['update', 'delete'].map(
    (verb) => `create trigger instance_attempt_is_not_${verb}d before ${verb} on instance_attempt
    begin select raise(abort, 'instance_attempt is history and is never ${verb === 'update' ? 'changed' : 'deleted'}'); end`,
  ),
  // In the order in which they are listed, or SQLite reads all instances there are to have them in that order.
  `drop index container_instance_unfinished`,
  `create index container_instance_unfinished on container_instance (build_tag_id, task_index)
    where status in ('pending', 'queued', 'building')`,
  `create index container_instance_lost on container_instance (build_tag_id, task_index) where status = 'lost'`,
  `drop trigger container_instance_end_is_final`,
  // Only a further attempt makes a finished instance unfinished again, and only when the one before is written down.
  `create trigger container_instance_end_is_final before update of status on container_instance
    when old.status in ('success', 'failure', 'cancelled') and new.status <> old.status
      and not (old.status <> 'success' and new.status = 'pending' and new.attempt = old.attempt + 1
        and exists (select 1 from instance_attempt where container_instance_id = old.id and number = old.attempt))
    begin select raise(abort, 'a finished instance keeps its status'); end`,
];

/** Several attempts of one instance, a throttle that a tag keeps, and who asked for a cancellation. */
export const tracking: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
