import { errorText } from '../util/errors.ts';
import { httpRequest, isInsecure, type RegistrySettings } from './http-request.ts';
import { prepareNetwork } from './network.ts';

/** Most bytes of an answer that are read. */
const limit = 64 * 1024;

/**
 * Whether a registry answers: any answer to `/v2/` will do, also that one has to log in (OCI distribution specification 1.1,
 * "Determining Support"). `registry` is the first component of a complete reference, such as `docker.io` or `127.0.0.1:5000`.
 */
export async function pingRegistry(
  registry: string,
  settings: RegistrySettings,
): Promise<{ ok: true; status: number } | { ok: false; message: string }> {
  prepareNetwork();
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  const url = new URL(`${isInsecure(host, settings) ? 'http' : 'https'}://${host}/v2/`);
  const limits = [AbortSignal.timeout(settings.timeout), ...(settings.cancel === undefined ? [] : [settings.cancel])];
  try {
    const lookup = { image: registry, settings, signal: AbortSignal.any(limits) };
    const { status } = await httpRequest(lookup, url, { method: 'GET', headers: {}, limit });
    return status < 500 ? { ok: true, status } : { ok: false, message: `status ${status}` };
  } catch (error) {
    const { why } = error as { why?: string };
    return { ok: false, message: why ?? errorText(error) };
  }
}
