import { createHash } from 'node:crypto';

import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { findCredentials } from './auth-files.ts';
import { authorize } from './authenticate.ts';
import { type HttpAnswer, httpRequest, isInsecure, type Lookup, type RegistrySettings } from './http-request.ts';
import { formatImageName, type ImageName, parseImageName } from './image-name.ts';
import { choosePlatform, type ImagePlatform, listPlatforms, manifestTypes, readManifest } from './manifest.ts';
import { prepareNetwork } from './network.ts';
import { absent, statusError, unreachable } from './registry-error.ts';

/** What a registry says about an image; no layer is read. */
export interface RegistryImage {
  /** `sha256:…` of what the reference names: an index if there are images for several platforms. `NAME@DIGEST` is exactly this one. */
  digest: string;
  /** `sha256:…` of the manifest for the wanted platform; the same as `digest` without an index. */
  manifestDigest: string;
  /** The configuration document (opencontainers/image-spec, config.md), as JSON.parse makes it; nothing of it is checked. */
  config: unknown;
}

/** The largest manifest and configuration that is read; the protocol asks registries to take 4 MiB (distribution-spec, "Push"). */
const maxDocument = 4 << 20;

/**
 * Asks the registry of an image for its digest and the configuration of its image for `platform`: two to five small requests.
 * Throws CtmgrError: `inputMissing` only if the registry says that there is no such image (or none for the platform), `notAllowed` if it
 * says no, `unavailable` if it cannot be asked or its answer cannot be trusted, `badDefinition` for what is no container image,
 * `configuration` for a file with credentials that cannot be read.
 */
export async function readImage(
  reference: string,
  platform: ImagePlatform,
  settings: RegistrySettings,
): Promise<RegistryImage> {
  return new Reader(reference, settings).read(platform);
}

/** The digest alone that a reference has now: one HEAD, which counts for no pull limit. Throws as `readImage` does. */
export async function readDigest(reference: string, settings: RegistrySettings): Promise<string> {
  return new Reader(reference, settings).digest();
}

class Reader {
  private readonly name: ImageName;
  private readonly lookup: Lookup;
  private readonly root: string;
  /** Path of what the reference names; only there a 404 means that the image does not exist. */
  private readonly top: string;
  private authorization: string | undefined;

  constructor(reference: string, settings: RegistrySettings) {
    const name = parseImageName(reference);
    if (name === undefined) throw new CtmgrError('usage', `${quote(reference)} is not the name of an image`);
    prepareNetwork();
    this.name = name;
    const timeout = AbortSignal.timeout(settings.timeout);
    const signal = settings.cancel ? AbortSignal.any([timeout, settings.cancel]) : timeout;
    this.top = `manifests/${name.digest || name.tag}`;
    this.lookup = { image: formatImageName(name), settings, signal };
    const host = name.registry === 'docker.io' ? 'registry-1.docker.io' : name.registry;
    this.root = `${isInsecure(host, settings) ? 'http' : 'https'}://${host}/v2/${name.repository}`;
  }

  async digest(): Promise<string> {
    const { digest } = this.name;
    const answer = await this.ask('HEAD', this.top, manifestTypes);
    const said = answer.status === 200 ? answer.headers.get('docker-content-digest') : null;
    if (said !== null && /^sha256:[0-9a-f]{64}$/.test(said) && (digest === '' || said === digest)) return said;
    // An answer to HEAD has no text that could say why, and some registries leave the digest out.
    return (await this.manifest(this.top, digest)).digest;
  }

  async read(platform: ImagePlatform): Promise<RegistryImage> {
    const { image } = this.lookup;
    const first = await this.manifest(this.top, this.name.digest);
    let { digest: manifestDigest, manifest } = first;
    // An index may stand in an index; nothing real goes deeper.
    for (let depth = 0; manifest.kind === 'index' && depth < 2; depth += 1) {
      const chosen = choosePlatform(manifest.manifests, platform);
      if (chosen === undefined) {
        const wanted = [platform.os, platform.architecture, platform.variant].filter((part) => part !== '').join('/');
        throw absent(`${image} for ${wanted}`, `it is there for ${listPlatforms(manifest.manifests).join(', ')}`);
      }
      ({ digest: manifestDigest, manifest } = await this.manifest(`manifests/${chosen.digest}`, chosen.digest));
    }
    if (manifest.kind !== 'image') {
      const why = manifest.kind === 'other' ? manifest.why : 'it is an index of indexes';
      throw new CtmgrError('badDefinition', `${image} cannot be used as a base image`, { why });
    }
    const config = this.parse(await this.document(`blobs/${manifest.config.digest}`, [], manifest.config.digest));
    return { digest: first.digest, manifestDigest, config };
  }

  /** `wanted` is empty where only a tag is known. */
  private async manifest(path: string, wanted: string) {
    const body = await this.document(path, manifestTypes, wanted);
    return { digest: digestOf(body), manifest: readManifest(this.parse(body)) };
  }

  /** The text of a document; its digest has to be `wanted`, or what the registry itself says. */
  private async document(path: string, accept: string[], wanted: string): Promise<Buffer> {
    const answer = await this.ask('GET', path, accept);
    const { image } = this.lookup;
    if (answer.status === 404 && path !== this.top)
      throw unreachable(image, `${this.name.registry} has lost a part of it (${path})`);
    if (answer.status !== 200) throw statusError(image, answer);
    const said = answer.headers.get('docker-content-digest');
    const expected = wanted || (said?.startsWith('sha256:') ? said : '');
    if (expected !== '' && digestOf(answer.body) !== expected)
      throw unreachable(image, `${this.name.registry} sends something else than what has the digest ${expected}`);
    return answer.body;
  }

  /** One request, repeated once with what the registry asks for if it does not know who we are. */
  private async ask(method: 'GET' | 'HEAD', path: string, accept: string[]): Promise<HttpAnswer> {
    const url = new URL(`${this.root}/${path}`);
    const send = (): Promise<HttpAnswer> => {
      const headers = {
        ...(accept.length > 0 ? { accept: accept.join(', ') } : {}),
        ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
      };
      return httpRequest(this.lookup, url, { method, headers, limit: maxDocument });
    };
    const answer = await send();
    if (answer.status !== 401 || this.authorization !== undefined) return answer;
    this.authorization = await authorize(
      this.lookup,
      this.name,
      { from: url, refusal: answer },
      findCredentials(this.name),
    );
    return send();
  }

  private parse(body: Buffer): unknown {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch (error) {
      throw unreachable(this.lookup.image, `${this.name.registry} sends something else than JSON`, error);
    }
  }
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
