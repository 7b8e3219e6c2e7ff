/** An image reference taken apart and completed as Docker completes it. */
export interface ImageName {
  /** `docker.io`, `quay.io`, `127.0.0.1:5000`. */
  registry: string;
  /** `library/debian`, without registry, tag and digest. */
  repository: string;
  /** Empty if there is only a digest; `latest` if there is neither. */
  tag: string;
  /** `sha256:…`, which decides if there is one; otherwise empty. */
  digest: string;
}

/** The grammar of image names (distribution/reference): [host[:port]/]path[:tag][@digest]. */
const host = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const component = String.raw`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`;
const tag = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const digest = String.raw`sha256:[0-9a-f]{64}`;
const reference = new RegExp(
  `^(?<name>(?:${host}/)?${component}(?:/${component})*)(?::(?<tag>${tag}))?(?:@(?<digest>${digest}))?$`,
);

/** Takes a reference apart; undefined for what is none. */
export function parseImageName(text: string): ImageName | undefined {
  const groups = text.length <= 1024 ? reference.exec(text)?.groups : undefined;
  if (groups?.['name'] === undefined) return undefined;
  const { name } = groups;
  const [first = '', ...rest] = name.split('/');
  // As distribution/reference tells `localhost/a`, `a.b/c` and `A/b` from a path on Docker Hub (splitDockerDomain).
  const hasHost = rest.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost');
  const registry = hasHost && first !== 'index.docker.io' ? first : 'docker.io';
  const path = hasHost ? rest.join('/') : name;
  const { tag: givenTag, digest: givenDigest = '' } = groups;
  return {
    registry,
    repository: registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path,
    tag: givenTag ?? (givenDigest === '' ? 'latest' : ''),
    digest: givenDigest,
  };
}

/** The complete reference: `docker.io/library/debian:latest`. */
export function formatImageName({ registry, repository, tag: ownTag, digest: ownDigest }: ImageName): string {
  return `${registry}/${repository}${ownTag === '' ? '' : `:${ownTag}`}${ownDigest === '' ? '' : `@${ownDigest}`}`;
}
