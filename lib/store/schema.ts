import type { Generated } from 'kysely';

import type { BenchmarkTables } from './benchmark-schema.ts';
import type { FailureKind, InstanceStatus, InstanceTables } from './instance-schema.ts';

export type { FailureKind, InstanceStatus } from './instance-schema.ts';

export type SelectorKind = 'all' | 'package-manager' | 'distribution' | 'base' | 'recipe';

export type ArrayState = 'planned' | 'submitting' | 'submitted' | 'refused';

/** What a version is made from: a Dockerfile, or an image that somebody else has built. */
export type ContentKind = 'dockerfile' | 'image';
/** `overlap`: the tag before was not finished; `waiting`: it is due, and Slurm does not answer yet. */
export type ScheduleResult = 'started' | 'overlap' | 'missed' | 'failed' | 'waiting';

export type NoticeChannel = 'exec' | 'mail';

/** All times are seconds since the epoch; columns named in the comments hold JSON text. */
export interface Database extends BenchmarkTables, InstanceTables {
  base_image: {
    id: Generated<number>;
    name: string;
    type: 'docker';
    location: string;
    package_manager: string | null;
    distribution: string | null;
    created_at: number;
  };
  recipe: {
    id: Generated<number>;
    name: string;
    base_image_id: number;
    dockerfile_location: string;
    context_location: string | null;
    class: string | null;
    created_at: number;
    created_by: string;
    /** The only ones who may read its images; null: everybody. */
    group: string | null;
    retired_at: number | null;
    /** 1: the links on the share may say something else than these tables. */
    link_behind: Generated<number>;
  };
  /** JSON: build_arguments, context_manifest, image_config. */
  recipe_content: {
    id: Generated<number>;
    recipe_id: number;
    version: number;
    base_image_id: number;
    dockerfile: string;
    dockerfile_hash: string;
    build_arguments: string;
    context_digest: string | null;
    context_manifest: string;
    image_config: string;
    created_at: number;
    created_by: string;
    message: string | null;
    origin: string | null;
    kind: Generated<ContentKind>;
    target: string | null;
    /** `linux/arm64`; null: that of the build node. */
    platform: string | null;
    /** 0 or 1. */
    strict: Generated<number>;
    /** 0 or 1: whether registries were to be asked. */
    pull_config: Generated<number>;
  };
  /** JSON: config. Several images, if several stages start from images; `reference` is `*` for all others. */
  container_base_config: {
    recipe_content_id: number;
    position: number;
    reference: string;
    origin: 'file' | 'registry';
    digest: string | null;
    config: string;
  };
  /** JSON: content. */
  container_build_task: {
    recipe_content_id: number;
    position: number;
    kind: string;
    content: string;
    line: number;
    instruction: string;
  };
  /** JSON: sources, options. */
  container_file: {
    recipe_content_id: number;
    position: number;
    kind: string;
    sources: string;
    destination: string;
    options: string;
    line: number;
    instruction: string;
  };
  container_environment: NamedValue;
  container_label: NamedValue;
  container_runscript: ScriptWord;
  container_startscript: ScriptWord;
  overlay: { id: Generated<number>; name: string; position: number; removed_at: number | null; created_at: number };
  overlay_content: {
    id: Generated<number>;
    overlay_id: number;
    version: number;
    selector_kind: SelectorKind;
    selector_value: string;
    created_at: number;
    created_by: string;
    message: string | null;
  };
  overlay_task: { overlay_content_id: number; position: number; command: string };
  build_tag: {
    id: Generated<number>;
    name: string;
    builds_path: string;
    logs_path: string;
    created_at: number;
    created_by: string;
    /** Most elements of each of its arrays at once; 0: no limit; null: what the configuration says. */
    throttle: number | null;
  };
  build_array: {
    id: Generated<number>;
    build_tag_id: number;
    class: string;
    marker: string;
    state: ArrayState;
    submitter: string | null;
    attempted_at: number | null;
    missing_since: number | null;
    job_id: number | null;
    cluster: string | null;
    submitted_at: number | null;
    message: string | null;
    /** Seconds that its elements wait after the submission before they may start. */
    begin_delay: Generated<number>;
  };
  /** JSON: plan, context_manifest, overlays. */
  verification: {
    id: Generated<number>;
    name: string;
    subject: string;
    created_at: number;
    created_by: string;
    class: string;
    platform: string | null;
    group: string | null;
    definition: string;
    plan: string;
    context_manifest: string;
    overlays: string;
    marker: string;
    status: InstanceStatus;
    attempted_at: number | null;
    job_id: number | null;
    missing_since: number | null;
    failure_kind: FailureKind | null;
    message: string | null;
    node: string | null;
    exit_code: number | null;
    started_at: number | null;
    ended_at: number | null;
  };
  /** What became of the schedules of the configuration; `due_at` is the first run that has not been dealt with. */
  schedule: {
    name: string;
    cron: string;
    time_zone: string;
    due_at: number;
    runner: string | null;
    last_at: number | null;
    last_result: ScheduleResult | null;
    last_message: string | null;
    last_tag_id: number | null;
  };
  /** Tags that do not change what names mean until they are released. */
  tag_hold: {
    build_tag_id: number;
    state: 'held' | 'releasing' | 'released';
    released_at: number | null;
    released_by: string | null;
  };
  /** Names that the release of a tag leaves alone. */
  release_exception: { build_tag_id: number; recipe_id: number };
  /** Tags whose end has been seen. */
  tag_end: { build_tag_id: number; ended_at: number };
  /** Messages about the end of a tag. */
  tag_notice: {
    build_tag_id: number;
    channel: NoticeChannel;
    state: 'waiting' | 'sending' | 'sent' | 'given-up';
    attempts: number;
    sender: string | null;
    next_at: number;
    message: string | null;
  };
  /** JSON: detail. */
  event: { id: Generated<number>; at: number; actor: string; kind: string; subject: string; detail: string };
}

interface NamedValue {
  recipe_content_id: number;
  position: number;
  name: string;
  value: string;
}

interface ScriptWord {
  recipe_content_id: number;
  position: number;
  role: 'entrypoint' | 'cmd';
  word: string;
}
