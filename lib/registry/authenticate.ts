import * as v from 'valibot';

import type { ImageName } from './image-name.ts';
import { type HttpAnswer, httpRequest, type Lookup, mayFollow } from './http-request.ts';
import { denied, statusError, unreachable } from './registry-error.ts';

const tokenSchema = v.object({ token: v.optional(v.string()), access_token: v.optional(v.string()) });
const maxToken = 1 << 20;

/** A `WWW-Authenticate` header: its scheme in lower case, and its parameters. */
interface Challenge {
  scheme: string;
  parameters: Map<string, string>;
}

/**
 * The `Authorization` header that an answer 401 asks for: a token from the place that it names (distribution/distribution, "Token
 * Authentication Specification"), for nobody or for the credentials, or the credentials themselves. Throws CtmgrError `notAllowed`
 * where that is refused or credentials are missing, `unavailable` where the place cannot be asked.
 */
export async function authorize(
  lookup: Lookup,
  name: ImageName,
  answer: { from: URL; refusal: HttpAnswer },
  credentials: string | undefined,
): Promise<string> {
  const { scheme, parameters } = readChallenge(answer.refusal.headers.get('www-authenticate') ?? '');
  if (scheme === 'basic') {
    if (credentials === undefined) throw denied(lookup.image, `${name.registry} wants user and password`);
    return `Basic ${credentials}`;
  }
  if (scheme !== 'bearer') throw statusError(lookup.image, answer.refusal);
  const realm = URL.parse(parameters.get('realm') ?? '');
  if (realm === null || !mayFollow(answer.from, realm, lookup.settings))
    throw unreachable(lookup.image, `${answer.from.host} names no usable place for tokens`);
  const service = parameters.get('service');
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', `repository:${name.repository}:pull`);
  return `Bearer ${await fetchToken(lookup, realm, credentials)}`;
}

async function fetchToken(lookup: Lookup, realm: URL, credentials: string | undefined): Promise<string> {
  const headers = { accept: 'application/json', ...(credentials ? { authorization: `Basic ${credentials}` } : {}) };
  const answer = await httpRequest(lookup, realm, { method: 'GET', headers, limit: maxToken });
  // There is nothing to be found here, so 404 says nothing about the image.
  if (answer.status === 404) throw unreachable(lookup.image, `${realm.host} gives no tokens (404)`);
  if (answer.status !== 200) throw statusError(lookup.image, answer);
  let document: unknown;
  try {
    document = JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    throw unreachable(lookup.image, `${realm.host} answers with something else than a token`, error);
  }
  const parsed = v.safeParse(tokenSchema, document);
  const token = parsed.success ? (parsed.output.token ?? parsed.output.access_token) : undefined;
  // What a header can hold (RFC 6750, 2.1).
  if (token === undefined || !/^[\w.~+/=-]+$/.test(token))
    throw unreachable(lookup.image, `${realm.host} answers with something else than a token`);
  return token;
}

/** Reads `Bearer realm="https://…",service="…"` (RFC 9110, 11.6.1). */
function readChallenge(header: string): Challenge {
  const [, scheme = '', rest = ''] = /^\s*([A-Za-z]+)\s*(.*)$/s.exec(header) ?? [];
  const pairs = [...rest.matchAll(/([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)];
  return {
    scheme: scheme.toLowerCase(),
    parameters: new Map(
      pairs.map(([, key = '', quoted, plain = '']) => [key.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain]),
    ),
  };
}
