import { isIPv4 } from 'node:net';

import { CtmgrError, errorText } from '../util/errors.ts';
import { unreachable } from './registry-error.ts';

/** What the site says about registries. */
export interface RegistrySettings {
  /** `HOST` or `HOST:PORT` of registries that are asked by http; those on loopback always are. */
  insecure: readonly string[];
  /** Milliseconds for all that is needed to read one image. */
  timeout: number;
  /** Aborted when nobody waits for the answer any more. */
  cancel?: AbortSignal | undefined;
}

/** One image being read: what all requests for it share. */
export interface Lookup {
  /** As messages name it. */
  image: string;
  settings: RegistrySettings;
  /** Time limit and cancellation of the whole. */
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

const maxRedirects = 5;

/** True for a host that is asked without TLS: loopback, and what the site lists. `host` may have a port. */
export function isInsecure(host: string, { insecure }: RegistrySettings): boolean {
  return isLoopback(host.replace(/:\d+$/, '')) || insecure.includes(host);
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * One GET or HEAD with a limit on the answer's size. Redirects are followed, never from https to http; the authorization stays with
 * the host that it is for. Throws CtmgrError `unavailable` for all that is no complete answer, `interrupted` if cancelled.
 */
export async function httpRequest(
  lookup: Lookup,
  start: URL,
  options: { method: 'GET' | 'HEAD'; headers: Record<string, string>; limit: number },
): Promise<HttpAnswer> {
  const headers = new Headers(options.headers);
  let url = start;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const response = await send(lookup, url, options.method, headers);
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      const body = await readBody(lookup, url, response, options.limit);
      return { status: response.status, headers: response.headers, body };
    }
    await response.body?.cancel();
    const next = URL.parse(location, url.href);
    if (next === null || !mayFollow(url, next, lookup.settings))
      throw unreachable(lookup.image, `${url.host} redirects to what must not be followed`);
    if (next.origin !== url.origin) headers.delete('authorization');
    url = next;
  }
  throw unreachable(lookup.image, `${start.host} redirects without end`);
}

/** True if an answer from one place may send us to another. */
export function mayFollow(from: URL, to: URL, settings: RegistrySettings): boolean {
  if (to.username !== '' || to.password !== '') return false;
  return to.protocol === 'https:' || (to.protocol === from.protocol && isInsecure(to.host, settings));
}

async function send(lookup: Lookup, url: URL, method: string, headers: Headers): Promise<Response> {
  try {
    return await fetch(url, { method, headers, redirect: 'manual', signal: lookup.signal });
  } catch (error) {
    throw failure(lookup, url, error);
  }
}

async function readBody(lookup: Lookup, url: URL, { body }: Response, limit: number): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // Leaving the loop cancels the rest.
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw failure(lookup, url, error);
  }
  if (size > limit) throw unreachable(lookup.image, `${url.host} sends more than ${limit} bytes`);
  return Buffer.concat(chunks);
}

function failure(lookup: Lookup, url: URL, error: unknown): CtmgrError {
  const { image, settings, signal } = lookup;
  if (settings.cancel?.aborted) return new CtmgrError('interrupted', 'interrupted');
  if (signal.aborted)
    return unreachable(image, `no answer from ${url.host} within ${settings.timeout / 1000} s`, error);
  // fetch says no more than that it failed; its cause knows why.
  const { cause } = error as { cause?: unknown };
  // Node's advice about certificates is for those who start it; `prepareNetwork` has followed it.
  const text = errorText(cause ?? error).replace(/; if the root CA.*$/s, '');
  return unreachable(image, `${url.host}: ${text}`, error);
}
