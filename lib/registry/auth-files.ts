import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';

import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import type { ImageName } from './image-name.ts';

const schema = v.object({ auths: v.nullish(v.record(v.string(), v.object({ auth: v.nullish(v.string()) }))) });

/** Names that Docker Hub has in the files of different programs, without `https://` and path. */
const hubNames = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * `user:password` in base64 for an image, from where podman (containers-auth.json(5)), docker and Apptainer keep them, in this order;
 * undefined if there is none. An entry for a path (`quay.io/project`) goes before one for the whole registry. Credential helpers are not
 * asked. Throws CtmgrError `configuration` for a file that cannot be understood.
 */
export function findCredentials(
  { registry, repository }: ImageName,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const hosts = registry === 'docker.io' ? hubNames : [registry];
  for (const file of authFiles(environment)) {
    const entries = readAuths(file);
    let path = `/${repository}`;
    for (;;) {
      const found = hosts.map((host) => entries.get(`${host}${path}`)).find((auth) => auth !== undefined);
      if (found !== undefined) return found;
      if (path === '') break;
      path = path.slice(0, path.lastIndexOf('/'));
    }
  }
  return undefined;
}

function authFiles(environment: NodeJS.ProcessEnv): string[] {
  const home = environment['HOME'] || homedir();
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: config } = environment;
  return [
    ...(named ? [named] : []),
    ...(runtime ? [join(runtime, 'containers/auth.json')] : []),
    join(config || join(home, '.config'), 'containers/auth.json'),
    join(environment['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
    join(home, '.apptainer/docker-config.json'),
  ];
}

function readAuths(file: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return new Map();
    throw unusable(file, errorText(error));
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Not its text: that is secret.
    throw unusable(file, 'it is not JSON');
  }
  const parsed = v.safeParse(schema, document);
  if (!parsed.success) throw unusable(file, 'its "auths" is not what docker and podman write');
  const entries = Object.entries(parsed.output.auths ?? {});
  return new Map(
    entries.flatMap(([key, { auth }]) =>
      auth ? [[key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, ''), auth]] : [],
    ),
  );
}

function unusable(file: string, why: string): CtmgrError {
  return new CtmgrError('configuration', `the registry credentials in ${file} cannot be read`, {
    why,
    hint: 'log in again with the program that wrote the file',
  });
}
