import type { Generated } from 'kysely';

/** Instance status: `pending → queued → building → success | failure | cancelled | lost`. */
export type InstanceStatus = 'pending' | 'queued' | 'building' | 'success' | 'failure' | 'cancelled' | 'lost';

export type FailureKind = 'build' | 'test' | 'oom' | 'timeout' | 'node' | 'infrastructure' | 'publish';

/** What is built, from what, and what names mean; see `Database`. */
export interface InstanceTables {
  container_instance: {
    id: Generated<number>;
    build_tag_id: number;
    build_array_id: number;
    recipe_content_id: number;
    task_index: number;
    array_index: number;
    status: InstanceStatus;
    failure_kind: FailureKind | null;
    message: string | null;
    reason: string | null;
    node: string | null;
    exit_code: number | null;
    file: string | null;
    size: number | null;
    sha256: string | null;
    input_hash: string;
    definition: string;
    started_at: number | null;
    ended_at: number | null;
    missing_since: number | null;
    changed_at: number;
    /** Whose image it is: decides where it lies and who may read it. */
    group: string | null;
    /** When NAME last meant it; null: never, or from now on. */
    current_until: number | null;
    /** When its file was deleted. */
    removed_at: number | null;
    /** Which attempt the row shows, from 1; those before are in instance_attempt. */
    attempt: Generated<number>;
    /** Who has asked for its cancellation. */
    cancelled_by: string | null;
    /** When Slurm was seen to have put it back into the queue after it had started. */
    requeued_at: number | null;
    /** Version of Apptainer that built it, as the build reported; null: not known. */
    apptainer: string | null;
  };
  /** `digest` is null for an image of ours, and where the registry could not be asked. */
  instance_base: {
    container_instance_id: number;
    position: number;
    reference: string;
    digest: string | null;
    base_instance_id: number | null;
  };
  instance_attempt: {
    container_instance_id: number;
    number: number;
    build_array_id: number;
    array_index: number;
    status: 'failure' | 'cancelled' | 'lost';
    failure_kind: FailureKind | null;
    message: string | null;
    node: string | null;
    exit_code: number | null;
    started_at: number | null;
    ended_at: number | null;
  };
  /** What each node of a resource class reported with the last good image that it built. */
  node_apptainer: { class: string; node: string; apptainer: string; reported_at: number };
  instance_overlay: { container_instance_id: number; position: number; overlay_content_id: number };
  /** What a name's link meant from when on; null is nothing. */
  name_meaning: {
    id: Generated<number>;
    recipe_id: number;
    container_instance_id: number | null;
    since: number;
  };
  current_image: {
    recipe_id: number;
    container_instance_id: number;
    since: number;
    changed_by: string;
    pinned_at: number | null;
  };
}
