/** What a container's network is made of. Pure. */
import { type Check, check, found, missing, notNeeded } from './check.js';
import { install, loadModule } from './distribution.js';

const tun = check(
  { name: 'tun', purpose: "/dev/net/tun, opened as a container's root", without: 'containers have no network but their loopback' },
  ({ tun: tried }, distribution) => {
    if (tried.works) return found('opened');
    const load = loadModule(distribution, 'tun');
    return missing(
      tried.why,
      ...(tried.exists ? ['as root: chmod 666 /dev/net/tun'] : [load, 'in a container: start the outer one with --device /dev/net/tun']),
    );
  },
);

/** One of the two is enough. */
function program(name: 'pasta' | 'slirp4netns', other: 'pasta' | 'slirp4netns', without: string): Check {
  return check({ name, purpose: "carries a container's traffic", without }, (facts, distribution) => {
    const tried = facts[name];
    if (tried?.works) return found(tried.path);
    if (tried && !facts.tun.works) return found(`${tried.path}; not tried without /dev/net/tun`);
    if (tried === undefined && facts[other] !== undefined && name === 'slirp4netns') return notNeeded(`${other} is there`);
    if (tried === undefined) return missing('not installed', install(distribution, name === 'pasta' ? 'passt' : name));
    return missing(`${tried.path}: ${tried.why}`, tried.cure);
  });
}

export const networkChecks = [
  tun,
  program('pasta', 'slirp4netns', 'slirp4netns takes its place, or containers have their loopback alone'),
  program('slirp4netns', 'pasta', 'pasta takes its place, or containers have their loopback alone'),
];
