/** The programs that carry a container's traffic, each tried up to where it says that it is ready. */
import { existsSync } from 'node:fs';
import { chooseNetwork } from '../network/choose.js';
import { type HostNetwork, probeNetwork } from '../network/probe.js';
import { compileNetworkTrial, compileTunTrial } from '../plan/trials.js';
import type { Identity } from '../rootfs/identity.js';
import type { DoctorFacts, Outcome } from './facts.js';
import { tried } from './try.js';

const TUN = '/dev/net/tun';

type NetworkFacts = Pick<DoctorFacts, 'tun' | 'pasta' | 'slirp4netns'>;

export async function lookAtNetwork(who: Identity, uid: number, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<NetworkFacts> {
  const host = probeNetwork(env, uid);
  const tun = await tried(() => compileTunTrial(who, TUN), false, signal);
  const untried = { works: false, why: 'not tried without /dev/net/tun' } as const;
  const tryProgram = (name: 'pasta' | 'slirp4netns') => (tun.works ? tryNetwork(who, name, host, signal) : untried);
  return {
    tun: { ...tun, exists: existsSync(TUN) },
    ...(host.pasta ? { pasta: { path: host.pasta, ...(await tryProgram('pasta')) } } : {}),
    ...(host.slirp4netns ? { slirp4netns: { path: host.slirp4netns, ...(await tryProgram('slirp4netns')) } } : {}),
  };
}

function tryNetwork(who: Identity, type: 'pasta' | 'slirp4netns', host: HostNetwork, signal?: AbortSignal): Promise<Outcome> {
  const { stack } = chooseNetwork({ type, options: [] }, { ...host, tun: true }, false);
  return tried(() => compileNetworkTrial(who, type, stack?.args ?? []), true, signal);
}
