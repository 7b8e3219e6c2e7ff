import { posix } from 'node:path';
import { downloadName } from './copy-lines.ts';
import { isFileWord } from './file-lines.ts';
import type { Obstacle } from './find-obstacles.ts';
import { compileGlob, isPattern } from './match-glob.ts';
import type { CopyStep } from './recipe-plan.ts';

/** Why a COPY or ADD cannot be converted; `bare` says that its stage has no shell, `fromBare` the same of what it copies from. */
export function copyObstacle(step: CopyStep, bare: boolean, fromBare: boolean): Obstacle | undefined {
  const { chown, chmod, destination, sources } = step;
  if (chown !== undefined && !/^[\w.][\w.-]*\$?(:[\w.-]*)?$/.test(chown)) {
    const wayOut = 'write it out; variables of the base image are known with ctmgr convert --base-config';
    return ['user-name', `--chown=${JSON.stringify(chown)} is not USER or USER:GROUP`, wayOut];
  }
  if (chmod !== undefined && !/^([0-7]{1,4}|[ugoa]*[-+=][rwxXstugo]*(,[ugoa]*[-+=][rwxXstugo]*)*)$/.test(chmod)) {
    return ['chmod', `--chmod=${JSON.stringify(chmod)} is not a mode`, 'write --chmod=755'];
  }
  if ((step.from || step.inline) && sources.length > 1 && !destination.endsWith('/')) {
    return ['destination', `${sources.length} sources need a destination that ends with /`, `write ${destination}/`];
  }
  if (bare) return bareObstacle(step, fromBare) ?? fromObstacle(step);
  return step.remote ? remoteObstacle(step) : fromObstacle(step);
}

function bareObstacle({ from, inline, remote, chown }: CopyStep, fromBare: boolean): Obstacle | undefined {
  const wayOut = 'make the files in a stage with a shell and COPY --from it';
  if (inline || remote || (from && fromBare)) return ['no-shell', 'no shell can put the files at their place', wayOut];
  if (chown !== undefined && !/^\d+(:\d+)?$/.test(chown)) {
    return ['no-shell', '--chown needs numbers where there are no users', 'write --chown=UID:GID'];
  }
  return undefined;
}

function fromObstacle({ from, sources, exclude, parents }: CopyStep): Obstacle | undefined {
  if (!from) return undefined;
  if (exclude) return ['copy-from-exclude', '--exclude is not converted together with --from', 'RUN rm in that stage'];
  if (parents) return ['copy-from-parents', '--parents is not converted together with --from', 'name the destination'];
  const odd = sources.find((source) => !isFileWord(source));
  if (odd !== undefined) {
    return ['path', `${JSON.stringify(odd)} has characters that %files cannot carry`, 'rename it in that stage'];
  }
  const malformed = sources.find((source) => source.split('/').some((name) => isPattern(name) && !compileGlob(name)));
  if (malformed !== undefined) {
    return ['source', `${JSON.stringify(malformed)} is not a valid pattern`, 'name the files'];
  }
  if (sources.some((source) => isPattern(posix.resolve('/', source).split('/')[1] ?? ''))) {
    return ['copy-from-root', 'a pattern for the root folder would copy the whole stage', 'name the files'];
  }
  return undefined;
}

function remoteObstacle({ remote, sources, destination, checksum }: CopyStep): Obstacle | undefined {
  const [source = ''] = sources;
  if (remote === 'git') {
    return [
      'add-git',
      'a git repository would be fetched while building',
      'clone it into the build context and COPY it',
    ];
  }
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(source)) return ['add-url', 'the URL has odd characters', 'encode them'];
  if (destination.endsWith('/') && !/^[^/\0\n]+$/.test(downloadName(source))) {
    return ['add-url', 'the URL does not name a file', 'write a destination without / at the end'];
  }
  if (checksum !== undefined && !/^sha(256|384|512):[0-9a-f]{64,128}$/.test(checksum)) {
    return ['checksum', `${JSON.stringify(checksum)} is not a checksum`, 'write --checksum=sha256:…'];
  }
  return undefined;
}
