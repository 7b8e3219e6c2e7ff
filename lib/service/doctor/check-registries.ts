import { parseImageName } from '../../registry/image-name.ts';
import type { RegistrySettings } from '../../registry/http-request.ts';
import { pingRegistry } from '../../registry/ping-registry.ts';
import { findingsOf, type Finding } from './finding.ts';

/** Whether the registries of these base images answer this host. */
export async function checkRegistries(references: string[], settings: RegistrySettings): Promise<Finding[]> {
  const hosts = new Set(references.flatMap((reference) => parseImageName(reference)?.registry ?? []));
  return Promise.all([...hosts].sort().map((host) => checkRegistry(host, settings)));
}

async function checkRegistry(host: string, settings: RegistrySettings): Promise<Finding> {
  const found = findingsOf('registry', host);
  const answer = await pingRegistry(host, settings);
  if (answer.ok) return found.ok(`answers (status ${answer.status})`);
  // Build nodes may have a way of their own: only a warning.
  const fix = 'is a proxy needed? https_proxy here, build.environment for build nodes';
  return found.warning(`does not answer this host: ${answer.message}`, fix);
}
