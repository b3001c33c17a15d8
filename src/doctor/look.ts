/** Tries each thing on this machine, as the caller. What must be asked of the kernel from inside is done by the helper, by plans. */
import { arch, release } from 'node:os';
import { TsrunError } from '../errors.js';
import { ensurePrivateDirectory, type StorePaths } from '../paths.js';
import { compileGroupsTrial, compileLandlockTrial, compileMapTrial, compileNamespaceTrial, compileSeccompTrial } from '../plan/trials.js';
import { findIdentity, type Identity } from '../rootfs/identity.js';
import { trySystem } from '../rootfs/system.js';
import { readHostFacts, textOf } from '../runtime/host-facts.js';
import { reason } from '../runtime/record.js';
import { tryPlan } from '../runtime/trial.js';
import { freeSubordinate } from '../security/idmap.js';
import { type IdFacts, singleMapping } from '../security/idmap-form.js';
import { readIdFacts } from '../security/idmap-read.js';
import { compileSeccomp } from '../security/seccomp/compile.js';
import { defaultSeccomp } from '../security/seccomp/resolve.js';
import { rangesOf } from '../security/subordinate.js';
import type { DoctorFacts } from './facts.js';
import { lookAtControlGroups } from './look-cgroup.js';
import { findHelper, findMappersOf } from './look-files.js';
import { lookAtNetwork } from './look-network.js';
import { lookAtStorage } from './look-storage.js';
import { outcomeOf, refused, tried, WORKS } from './try.js';

/** @param openStore makes the store's directories. @throws ERR_TSRUN_HELPER_MISSING */
export async function look(
  paths: StorePaths,
  openStore: () => Promise<unknown>,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<DoctorFacts> {
  const ids = readIdFacts(env);
  const helper = findHelper();
  const opened = await openStore().then(() => WORKS, refused);
  const identity = await findIdentity(paths, {}, signal).catch(refused);
  const own: Identity = 'works' in identity || ids.uid !== 0 ? { ids: singleMapping(ids), mappers: undefined } : identity;
  const trial = (plan: Parameters<typeof tried>[0], explained = false) => tried(plan, explained, signal);
  const whole = 'works' in identity ? own : identity;
  return {
    host: readHostFacts(),
    osRelease: textOf('/etc/os-release') || textOf('/usr/lib/os-release'),
    kernel: release(),
    user: ids.userName ?? String(ids.uid),
    groups: (process.getgroups?.() ?? []).filter((gid) => gid !== ids.gid),
    helper,
    namespace: await trial(() => compileNamespaceTrial(own), true),
    map: {
      ...('works' in identity ? identity : await trial(() => compileMapTrial(whole), true)),
      mode: whole.ids.mode === 'single' ? 'single' : 'range',
      byProgram: whole.ids.write === 'newuidmap',
      ids: whole.ids.uid.reduce((sum, { size }) => sum + size, 0),
    },
    mappers: findMappersOf(ids),
    subordinate: subordinateOf(ids),
    leavesGroups: await trial(() => compileGroupsTrial(whole)),
    ...(await lookAtSystem(own, signal)),
    seccomp: await trial(() => compileSeccompTrial(own, defaultFilter())),
    ...(await lookAtStorage(paths, opened, 'works' in identity ? identity : { identity }, env, signal)),
    runtime: lookAtRuntime(paths, ids.uid, env),
    ...(await lookAtNetwork(whole, ids.uid, env, signal)),
    landlock: await askLandlock(signal),
    cgroup: await lookAtControlGroups(signal),
  };
}

async function lookAtSystem(own: Identity, signal?: AbortSignal): Promise<Pick<DoctorFacts, 'proc' | 'system'>> {
  try {
    const { trial, system } = await trySystem(own, signal);
    return { proc: outcomeOf(trial, false), system };
  } catch (error) {
    return { proc: refused(error) };
  }
}

function defaultFilter(): Buffer {
  const own = arch();
  if (own !== 'x64' && own !== 'arm64') throw new TsrunError('ERR_TSRUN_PLATFORM', `tsrun has no filter for ${own}`);
  return compileSeccomp(defaultSeccomp({ arch: own, kernel: release(), granted: [] }), own);
}

function subordinateOf(facts: IdFacts): DoctorFacts['subordinate'] {
  const names = [String(facts.uid), ...(facts.userName === undefined ? [] : [facts.userName])];
  const count = (text: string) => rangesOf(text, names).reduce((sum, { size }) => sum + size, 0);
  return { uids: count(facts.subuid), gids: count(facts.subgid), free: freeSubordinate(facts) };
}

function lookAtRuntime({ roots: { run } }: StorePaths, uid: number, env: NodeJS.ProcessEnv): DoctorFacts['runtime'] {
  const asked = env['XDG_RUNTIME_DIR'] ?? '';
  const facts = { path: run, asked, isAsked: !run.startsWith('/tmp/tsrun-') };
  try {
    ensurePrivateDirectory(run, uid);
    return { ...facts, works: true };
  } catch (error) {
    return { ...facts, ...refused(error) };
  }
}

async function askLandlock(signal?: AbortSignal): Promise<DoctorFacts['landlock']> {
  const { said, failure } = await tryPlan(compileLandlockTrial(), signal);
  const version = /^\d+$/m.exec(said)?.[0];
  return version === undefined ? { why: failure ? reason(failure.error) : 'no answer' } : { version: Number(version) };
}
