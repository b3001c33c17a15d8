/** What a container's network is, as plain data: chosen when the container is made, kept with it, all that its start needs. */

export interface PublishedPort {
  /** An address of the host; '' for every one. */
  hostIp: string;
  /** 0: any that is free, another one at each start. */
  hostPort: number;
  containerPort: number;
  protocol: 'tcp' | 'udp';
}

export type NetworkSettings =
  /** Its own namespace, with its loopback alone. */
  | { mode: 'none' }
  /** The host's. */
  | { mode: 'host' }
  /** Its own namespace, and a program that carries what leaves it. `args` are the program's words; see stack.ts for its descriptors. */
  | { mode: 'pasta' | 'slirp4netns'; args: readonly string[]; address: string }
  /** Another container's, by its id: it must run when this one starts. */
  | { mode: 'container'; container: string }
  /** That of a file, such as /run/netns/NAME. */
  | { mode: 'namespace'; path: string };

/** The network belongs to the container: it may be changed, and ports of it published. */
export function hasOwnNetwork({ mode }: NetworkSettings): boolean {
  return mode === 'none' || mode === 'pasta' || mode === 'slirp4netns';
}
