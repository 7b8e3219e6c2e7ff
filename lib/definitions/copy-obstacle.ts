import { downloadName } from './copy-lines.ts';
import { isFileWord } from './file-lines.ts';
import type { Obstacle } from './find-obstacles.ts';
import { gitSourceOf } from './git-lines.ts';
import { needsKey } from './git-source.ts';
import { compileGlob, isPattern } from './match-glob.ts';
import { shellPattern } from './prune-functions.ts';
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
  const odd = sources.find((source) => !isFileWord(source));
  if (odd !== undefined) {
    return ['path', `${JSON.stringify(odd)} has characters that %files cannot carry`, 'rename it in that stage'];
  }
  const malformed = parents ? sources.map(afterPivot).find(isOdd) : sources.find(isMalformed);
  return patternObstacle(malformed ?? exclude?.find(isOdd));
}

function patternObstacle(pattern: string | undefined): Obstacle | undefined {
  if (pattern === undefined) return undefined;
  return ['source', `${JSON.stringify(pattern)} is not a pattern that can be converted`, 'name the files'];
}

function isMalformed(source: string): boolean {
  return source.split('/').some((name) => isPattern(name) && !compileGlob(name));
}

/** True for patterns with `**` that our shell functions do not take. */
function isOdd(pattern: string): boolean {
  if (isMalformed(pattern.replace(/^!/, ''))) return true;
  return shellPattern(pattern) === undefined && !/^[./]*$/.test(pattern);
}

/** What `--parents` copies of a source, with its folders. */
function afterPivot(source: string): string {
  const pivot = source.indexOf('/./');
  return pivot < 0 ? source : source.slice(pivot + 3);
}

function remoteObstacle(step: CopyStep): Obstacle | undefined {
  const { remote, sources, destination, checksum } = step;
  const [source = ''] = sources;
  if (remote === 'git') return gitObstacle(step);
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(source)) return ['add-url', 'the URL has odd characters', 'encode them'];
  if (destination.endsWith('/') && !/^[^/\0\n]+$/.test(downloadName(source))) {
    return ['add-url', 'the URL does not name a file', 'write a destination without / at the end'];
  }
  if (checksum !== undefined && !/^sha(256|384|512):[0-9a-f]{64,128}$/.test(checksum)) {
    return ['checksum', `${JSON.stringify(checksum)} is not a checksum`, 'write --checksum=sha256:…'];
  }
  return undefined;
}

function gitObstacle(step: CopyStep): Obstacle | undefined {
  const [source = ''] = step.sources;
  if (needsKey(source)) {
    const wayOut = 'write the https:// URL, or clone it into the build context and COPY it';
    return ['add-git', 'a repository that is reached by ssh needs a key, and a build has none', wayOut];
  }
  const { remote, checksum = '' } = gitSourceOf(step);
  if (!/^[\x21-\x7e]+$/.test(remote)) return ['add-url', 'the URL has odd characters', 'encode them'];
  if (!/^[0-9a-f]{0,64}$/.test(checksum)) {
    return ['checksum', `${JSON.stringify(checksum)} is not the hash of a commit`, 'write --checksum=COMMIT'];
  }
  return patternObstacle(step.exclude?.find(isOdd));
}
