import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  method: string;
  path: string;
  accept: string | undefined;
  authorization: string | undefined;
}

/** A container registry on loopback that answers as distribution does. */
export interface RegistryServer {
  /** `127.0.0.1:PORT`. */
  host: string;
  seen: Seen[];
  /** Stores a document under its digest (and `tag`) as `NAME`; returns the digest. */
  put(kind: 'manifests' | 'blobs', name: string, document: unknown, tag?: string): string;
  /** An image with that configuration under a tag; returns the manifest's digest. */
  putImage(name: string, tag: string, config: object): string;
  /** Answers in the registry's place where it says so by true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

export const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociConfig = 'application/vnd.oci.image.config.v1+json';

export async function startRegistry(): Promise<RegistryServer> {
  const documents = new Map<string, string>();
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    registry.seen.push({ method, path, accept: headers.accept, authorization: headers.authorization });
    if (registry.intercept?.(request, response)) return;
    const text = documents.get(path);
    if (text === undefined) {
      const code = path.includes('/blobs/') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN';
      answer(response, 404, { errors: [{ code, message: 'unknown', detail: null }] });
      return;
    }
    const { mediaType = 'application/octet-stream' } = JSON.parse(text) as { mediaType?: string };
    response.writeHead(200, { 'content-type': mediaType, 'docker-content-digest': digestOf(text) });
    response.end(method === 'HEAD' ? undefined : text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const registry: RegistryServer = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    intercept: undefined,
    put(kind, name, document, tag) {
      const text = JSON.stringify(document);
      for (const reference of [digestOf(text), ...(tag === undefined ? [] : [tag])])
        documents.set(`/v2/${name}/${kind}/${reference}`, text);
      return digestOf(text);
    },
    putImage(name, tag, config) {
      const document = { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [] } };
      const digest = registry.put('blobs', name, document);
      const size = JSON.stringify(document).length;
      const manifest = { schemaVersion: 2, mediaType: ociManifest, config: { mediaType: ociConfig, digest, size } };
      return registry.put('manifests', name, { ...manifest, layers: [] }, tag);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return registry;
}

export function answer(response: ServerResponse, status: number, body: unknown, headers = {}): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
  return true;
}
