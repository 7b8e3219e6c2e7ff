import { findingsOf, type Finding } from './finding.ts';

/** Milliseconds to wait for a registry. */
const patience = 5000;

/**
 * Whether the registries of these base images answer this host: any answer to `/v2/` will do, also that one has to log in
 * (OCI distribution specification, 1.1, "Determining Support"). `plain` asks without TLS as well.
 */
export async function checkRegistries(references: string[], plain: boolean): Promise<Finding[]> {
  const hosts = [...new Set(references.map(registryOf))].sort();
  return Promise.all(hosts.map((host) => checkRegistry(host, plain)));
}

/** The registry of a reference as Docker reads it: the first component if it can be a host, else Docker's own. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return !isHost || first === 'docker.io' || first === 'index.docker.io' ? 'registry-1.docker.io' : first;
}

async function checkRegistry(host: string, plain: boolean): Promise<Finding> {
  const found = findingsOf('registry', host);
  const problems: string[] = [];
  for (const scheme of plain ? ['https', 'http'] : ['https']) {
    try {
      const { status } = await fetch(`${scheme}://${host}/v2/`, { signal: AbortSignal.timeout(patience) });
      if (status < 500) return found.ok(`answers (${scheme}, ${status})`);
      problems.push(`${scheme}: status ${status}`);
    } catch (error) {
      const { cause } = error as { cause?: { code?: string; message?: string } };
      problems.push(`${scheme}: ${cause?.code ?? cause?.message ?? (error as Error).message}`);
    }
  }
  // Build nodes may have a way of their own: only a warning.
  return found.warning(`does not answer this host: ${problems.join('; ')}`, 'is a proxy needed? build.environment');
}
