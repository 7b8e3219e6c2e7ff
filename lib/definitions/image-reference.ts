/** The grammar of image names (distribution/reference): [host[:port]/]path[:tag][@digest]. */
const host = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const component = String.raw`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`;
const tag = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const digest = String.raw`sha256:[0-9a-f]{64}`;
const reference = new RegExp(`^(?:${host}/)?${component}(?:/${component})*(?::${tag})?(?:@${digest})?$`);

/** True for a name that can be pulled: `debian:12`, `registry.example.org:5000/a/b@sha256:…`. */
export function isImageReference(text: string): boolean {
  return text.length <= 1024 && reference.test(text);
}

/** The reference without its tag if it has a digest too, which decides then; Apptainer accepts only one of them. */
export function pullReference(text: string): string {
  return text.replace(/:[^:/@]+(?=@sha256:)/, '');
}

/** The reference with registry, path and tag written out, as Docker completes it: `debian` is `docker.io/library/debian:latest`. */
export function fullReference(text: string): string {
  const [first = '', ...rest] = text.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasHost && first !== 'index.docker.io' ? first : 'docker.io';
  const path = hasHost ? rest.join('/') : text;
  const long = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return /[:@][^/]*$/.test(long) ? `${registry}/${long}` : `${registry}/${long}:latest`;
}
