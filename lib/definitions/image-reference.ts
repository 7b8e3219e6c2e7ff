import { formatImageName, parseImageName } from '../registry/image-name.ts';

/** True for a name that can be pulled: `debian:12`, `registry.example.org:5000/a/b@sha256:…`. */
export function isImageReference(text: string): boolean {
  return parseImageName(text) !== undefined;
}

/** The reference without its tag if it has a digest too, which decides then; Apptainer accepts only one of them. */
export function pullReference(text: string): string {
  return text.replace(/:[^:/@]+(?=@sha256:)/, '');
}

/** The reference with registry, path and tag written out, as Docker completes it: `debian` is `docker.io/library/debian:latest`. */
export function fullReference(text: string): string {
  const name = parseImageName(text);
  return name ? formatImageName(name) : text;
}

/** `FROM ctmgr:NAME`: the name of the recipe whose image is meant; undefined for all that a registry has. */
export function ownImageName(reference: string): string | undefined {
  return /^ctmgr:(.+)$/s.exec(reference)?.[1];
}
