/** How a problem with a Dockerfile ends: Docker refuses it too; only a definition file cannot say it; it is said and goes on. */
type Outcome = 'invalid' | 'refused' | 'warning';

/**
 * Every code that a refusal or warning can have. They are stable: scripts rely on them. README.md has the same table, which a test
 * keeps equal to this one.
 */
export const problemCodes = {
  'bad-character': [
    'invalid',
    'a NUL character, a line longer than 64 KiB, or, outside comments, text that is not UTF-8',
  ],
  expansion: [
    'invalid',
    'a variable cannot be expanded: `${X:?}` of what is not set, an unterminated quote, a bad modifier',
  ],
  'foreign-syntax': ['invalid', "`# syntax=` names a frontend that is not Docker's own"],
  'image-reference': ['invalid', 'what FROM or `--from` names cannot be the name of an image'],
  json: ['invalid', 'an array in JSON form holds something else than strings'],
  'missing-source': ['invalid', 'a source is not in the build context, or `.dockerignore` excludes it'],
  syntax: ['invalid', 'the instruction, a flag or a value is not what Docker accepts'],

  'add-git': ['refused', 'ADD of a git repository that is reached by ssh'],
  'add-url': ['refused', 'ADD of a URL that has odd characters or does not name a file'],
  'cache-from': ['refused', 'a cache mount that starts with files of another stage or image'],
  checksum: ['refused', '`--checksum` is neither SHA-2 in hexadecimal digits nor, for git, the hash of a commit'],
  chmod: ['refused', '`--chmod` is neither an octal nor a symbolic mode'],
  destination: ['refused', 'several sources and a destination that does not end with `/`'],
  device: ['refused', '`RUN --device`'],
  'empty-cmd': ['refused', '`CMD []` over an ENTRYPOINT that nobody knows'],
  label: ['refused', 'a label whose name has blanks or begins with `#`'],
  'mount-option': ['refused', 'uid, gid or mode of a mount is no number'],
  'no-shell': ['refused', 'something that needs a shell in an image from scratch or a distroless one'],
  path: ['refused', 'a path that Apptainer keeps for itself, or that `%files` cannot carry'],
  platform: ['refused', '`FROM --platform` of another platform than the one the image is for'],
  'program-name': ['refused', 'a program in exec form that is empty or begins with `-`'],
  'scratch-run': ['refused', 'RUN in a stage from scratch'],
  'secret-id': ['refused', "a secret's id that cannot be a file name"],
  source: [
    'refused',
    'a source outside the build context, a malformed pattern, or what is neither file, folder nor link',
  ],
  'ssh-mount': ['refused', '`RUN --mount=type=ssh`'],
  'stage-title': ['refused', 'two images in `--from` whose names differ in `/`, `:`, `@` and `-` only'],
  stages: ['refused', 'more than 1,000 stages'],
  'symlink-source': [
    'refused',
    'a source with `--parents`, or with a pattern before it, that leads through a symbolic link',
  ],
  'user-name': ['refused', 'USER or `--chown` is no name or number'],
  'variable-name': [
    'refused',
    'an ENV that a shell cannot export, or a name that shell or Apptainer keep for themselves',
  ],
  windows: ['refused', 'a base image, platform or shell of Windows'],

  'arg-hides-env': ['warning', 'ARG after ENV of the same name: RUN sees the one, the image has the other'],
  'arg-name': ['warning', 'RUN does not see an ARG whose name no shell can export'],
  'base-config-assumed': ['warning', "the base image's configuration is not known: USER root, WORKDIR `/` are assumed"],
  'base-variable': ['warning', 'a variable that only the base image could set counts as unset'],
  'empty-env': ['warning', 'an empty variable is unset at run time where the host has one of that name'],
  expose: ['warning', 'EXPOSE has no effect: the network is the host’s'],
  healthcheck: ['warning', 'HEALTHCHECK has no effect'],
  'home-at-run-time': ['warning', 'ENV HOME: Apptainer sets HOME to that of the caller'],
  'needs-output': [
    'warning',
    '`ctmgr convert` without `--output`, and the definition reads archives that only that writes',
  ],
  'empty-pattern': ['warning', 'COPY or ADD of a pattern that matches nothing: as in Docker, nothing is copied'],
  'label-value': ['warning', 'a label whose value has line breaks or blanks around it, which Apptainer stores without'],
  network: ['warning', '`RUN --network=none` can reach the network'],
  onbuild: ['warning', 'ONBUILD has no effect in the image itself'],
  'secret-mount': [
    'warning',
    'RUN uses a secret, which has to be given: `apptainer build --bind FILE:/.ctmgr/secrets/ID`',
  ],
  security: ['warning', '`RUN --security=insecure` has no more rights than other commands'],
  'stop-signal': ['warning', 'STOPSIGNAL has no effect'],
  'url-unchecked': ['warning', 'ADD of a URL or of a branch without `--checksum`: each build may get something else'],
  'user-at-run-time': ['warning', 'the last USER is not root: containers run as their caller'],
  volume: ['warning', 'VOLUME only makes the folder, in an image that nobody can write to'],
} as const satisfies Record<string, readonly [Outcome, string]>;

export type ProblemCode = keyof typeof problemCodes;
