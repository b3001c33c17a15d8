/** User namespaces and the ids in them. Pure. */
import { hasNoNewPrivileges } from '../runtime/host-facts.js';
import { FEWEST, ROOT_BLOCK_SIZE } from '../security/idmap-form.js';
import { KNOWS_SCOPES } from '../security/landlock.js';
import { check, found, missing, notNeeded, outcome } from './check.js';
import { grantIds, install, setVariable } from './distribution.js';
import type { DoctorFacts, Mapper } from './facts.js';

/** Not through a file of /tmp, which may be somebody else's. */
const PROFILE = [
  'tsrun doctor --print-apparmor-profile | sudo tee /etc/apparmor.d/tsrun >/dev/null && sudo apparmor_parser -r /etc/apparmor.d/tsrun',
];

const namespace = check(
  {
    name: 'user-namespace',
    required: true,
    purpose: 'what a container is made in: root in it, nobody outside',
    without: 'no container runs',
  },
  ({ namespace: tried, host, landlock }) => {
    if (tried.works) return found('made, with its rights');
    const refused = (...cures: (string | undefined)[]) => missing(tried.why, ...cures, ...wayOut(landlock, host.uid));
    if (host.usernsClone.trim() === '0') return refused(setVariable('kernel.unprivileged_userns_clone', '1'));
    if (host.maxUserNamespaces.trim() === '0') return refused(setVariable('user.max_user_namespaces', '28633'));
    return restricts(host) ? refused(...PROFILE) : refused(tried.cure);
  },
);

/** For who cannot do that. Nothing of the host's root is kept from a container that is he. */
function wayOut(landlock: DoctorFacts['landlock'], uid: number): string[] {
  if (uid === 0 || !('version' in landlock) || landlock.version < KNOWS_SCOPES) return [];
  return ['or, weaker, without any: tsrun run --isolation landlock IMAGE'];
}

function restricts({ apparmorRestricts, uid }: DoctorFacts['host']): boolean {
  return apparmorRestricts.trim() === '1' && uid !== 0;
}

const apparmor = check(
  {
    name: 'apparmor',
    purpose: "a profile for tsrun's helper, where only programs with one may use user namespaces",
    without: 'see user-namespace',
  },
  ({ host, namespace: tried, helper }) => {
    const restriction = 'kernel.apparmor_restrict_unprivileged_userns';
    const value = host.apparmorRestricts.trim();
    if (value === '') return notNeeded('this kernel does not restrict them');
    if (value !== '1') return notNeeded(`${restriction} is ${value}`);
    if (host.uid === 0) return notNeeded(`${restriction} is 1, which does not concern root`);
    if (tried.works) return found(`${restriction} is 1, and ${helper.path} may all the same`);
    return missing(`${restriction} is 1, and ${helper.path} has no profile that allows them`, ...PROFILE);
  },
);

const map = check({ name: 'id-map', required: true, purpose: 'the ids of a container', without: 'no container runs' }, ({ map: tried }) => {
  const many = `${tried.ids} ids: all users of an image`;
  const one = 'one id: root inside is you, and there is nobody else; for more, see newuidmap and subordinate-ids';
  return outcome(tried, tried.mode === 'single' ? one : many);
});

const newuidmap = check(
  {
    name: 'newuidmap',
    purpose: 'newuidmap and newgidmap: they give a container your subordinate ids',
    without: 'containers have one id',
  },
  ({ mappers, map: tried, host }, distribution) => {
    if (host.uid === 0) return notNeeded('root writes id maps by himself');
    const lacking = (['newuidmap', 'newgidmap'] as const).filter((name) => mappers[name] === undefined);
    if (lacking.length > 0) return missing(`${lacking.join(' and ')} not found`, install(distribution, 'newuidmap'));
    const all = Object.entries(mappers);
    const weak = all.filter(([, { right }]) => right === undefined).map(([, { path }]) => path);
    if (weak.length > 0 && !(tried.byProgram && tried.works))
      return missing(`${weak.join(' and ')}: neither setuid nor with a file capability`, `as root: chmod u+s ${weak.join(' ')}`);
    if (hasNoNewPrivileges(host) && !tried.works) return missing('no_new_privs is set here: they do nothing', tried.cure);
    const said = all.map(([, mapper]) => described(mapper)).join(', ');
    return tried.byProgram ? outcome(tried, said) : found(`${said}; not tried, for want of ids`);
  },
);

function described({ path, right }: Mapper): string {
  return right === undefined ? path : `${path} (${right})`;
}

const subordinate = check(
  { name: 'subordinate-ids', purpose: 'ids of yours for the users of an image', without: 'containers have one id' },
  ({ subordinate: { uids, gids, free }, user, host }, distribution) => {
    if (host.uid === 0) return notNeeded('root reserves a range of ids');
    if (Math.min(uids, gids) >= FEWEST)
      return found(uids === gids ? `${uids} of ${user}` : `${uids} user ids and ${gids} group ids of ${user}`);
    return missing(`${user} has ${uids} in /etc/subuid and ${gids} in /etc/subgid`, grantIds(distribution, user, free, ROOT_BLOCK_SIZE));
  },
);

const groups = check(
  {
    name: 'supplementary-groups',
    purpose: 'that a container leaves your other groups',
    without: 'what these groups may open on a volume, the container may',
  },
  ({ groups: own, leavesGroups }) => {
    if (leavesGroups.works) return found('they are left');
    if (own.length === 0) return notNeeded('you are in no other group');
    const list = own.join(', ');
    return missing(`with one id the kernel keeps them: ${list}`, 'see newuidmap and subordinate-ids: with a range of ids they are left');
  },
);

export const identityChecks = [namespace, apparmor, map, newuidmap, subordinate, groups];
