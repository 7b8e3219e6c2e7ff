import * as v from 'valibot';

import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { HttpAnswer } from './http-request.ts';

/** The registry says that there is no such image (66). */
export function absent(image: string, why: string): CtmgrError {
  return new CtmgrError('inputMissing', `the image ${image} does not exist`, { why, hint: 'check name and tag' });
}

/** The registry knows who asks, or that nobody does, and says no (77). */
export function denied(image: string, why: string): CtmgrError {
  return new CtmgrError('notAllowed', `the registry does not let you read ${image}`, {
    why: `${why}; an image that does not exist may look the same`,
    hint: 'check the name; log in with podman login, docker login or apptainer registry login',
  });
}

/** Nobody knows whether there is such an image (69): no answer, or one that no registry gives. */
export function unreachable(image: string, why: string, cause?: unknown): CtmgrError {
  return new CtmgrError('unavailable', `the registry cannot be asked for ${image}`, {
    why,
    hint: 'try again; check network, proxy (https_proxy) and certificates',
    ...(cause === undefined ? {} : { cause }),
  });
}

const errorsSchema = v.object({
  errors: v.array(v.object({ code: v.optional(v.string(), ''), message: v.optional(v.string(), '') })),
});

/**
 * The error that an answer other than 200 stands for. Only a registry's own 404, with the list of errors that the protocol
 * prescribes (opencontainers/distribution-spec, "Error Codes"), means that the image is not there: a proxy's or a web server's does not.
 */
export function statusError(image: string, { status, body }: HttpAnswer): CtmgrError {
  const said = registryErrors(body);
  const words = said.map(({ code, message }) => quote(`${code}: ${message}`)).slice(0, 3);
  const why = `it answers ${status}${words.length > 0 ? ` ${words.join(', ')}` : ''}`;
  if (status === 401 || status === 403) return denied(image, why);
  if (status === 404 && said.length > 0) return absent(image, why);
  if (status === 404) return unreachable(image, `${why}, but not as a container registry does`);
  if (status === 429) return unreachable(image, `${why}: too many requests for now`);
  return unreachable(image, why);
}

function registryErrors(body: Buffer): { code: string; message: string }[] {
  try {
    const parsed = v.safeParse(errorsSchema, JSON.parse(body.toString('utf8')));
    return parsed.success ? parsed.output.errors : [];
  } catch {
    // Not JSON: no registry said this.
    return [];
  }
}
