/** docker leaves out its own registry: `docker.io/library/alpine:latest` is `alpine:latest`. */
export function shownName(name: string): string {
  return name.replace(/^docker\.io\/(library\/(?=[^/]+$))?/, '');
}
