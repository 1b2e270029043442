/** The name of an image, as it is written and as registries are asked for it. */
export interface ImageName {
  /** Where credentials for it are kept: a host with port, or docker.io. */
  readonly registry: string;
  readonly repository: string;
  /** A tag, or a digest with its algorithm. */
  readonly tag: string;
}

export function parseImageName(name: string): ImageName {
  const [beforeDigest = '', digest] = name.split('@', 2);
  const slash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', slash + 1);
  const repository = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? 'latest' : beforeDigest.slice(colon + 1);
  return { registry: registryOf(repository), repository, tag: digest ?? tag };
}

/** The first part is a host when it looks like one; else it belongs to the name of an image on Docker Hub. */
function registryOf(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : 'docker.io';
}
