/** `--isolation landlock`: `run` and `create` where there are no namespaces, up to the launch plan; and what becomes of such a container. */
import { randomInt } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { buildConfined } from '../bundle/confined.js';
import {
  checkConfined,
  confinedVolumes,
  librariesIn,
  realVolumes,
  refuseHiddenProcesses,
  refuseHostRoot,
} from '../bundle/confined-options.js';
import { readEnvFile } from '../bundle/env-file.js';
import { sweep } from '../container/remove.js';
import { settingsAnnotation } from '../container/settings.js';
import { systemReason, TsrunError } from '../errors.js';
import { ensurePrivateDirectory } from '../paths.js';
import type { NewContainer } from '../plan/run.js';
import type { ContainerSettings } from '../plan/settings.js';
import { compileLandlockTrial } from '../plan/trials.js';
import { confinedIdentity, ownIds } from '../rootfs/identity.js';
import { readAccounts, readFromLayers } from '../rootfs/lookup.js';
import { tryPlan } from '../runtime/trial.js';
import { KNOWS_SCOPES } from '../security/landlock.js';
import { checkRun, withoutEmpty } from './check-run.js';
import { placesOf } from './confined-places.js';
import { imageRoot } from './container-root.js';
import { hostFacts } from './host.js';
import { assemble, containerDirectory, makeRoom, settingsFor } from './new-container.js';
import type { RunOptions } from './options.js';
import { destroyed } from './record.js';
import { openStore } from './session.js';

export async function confinedContainer(image: string, command: readonly string[], given: RunOptions): Promise<NewContainer> {
  const options = withoutEmpty(given);
  const own = ownIds();
  checkRun(options);
  checkConfined(options, own);
  refuseHostRoot(own.uid, readFileSync('/proc/self/uid_map', 'utf8'));
  refuseHiddenProcesses(readFileSync('/proc/self/mountinfo', 'utf8'));
  await checkKernel(options.signal);
  const session = await openStore(options);
  const { paths } = session;
  ensurePrivateDirectory(paths.run, own.uid);
  sweep(paths, destroyed);
  const identity = confinedIdentity();
  const root = await imageRoot(session, identity, image, options);
  const offline = options.network === 'none';
  const volumes = realVolumes(confinedVolumes(options), realVolume);
  const network = { input: { settings: { mode: offline ? ('none' as const) : ('host' as const) }, ports: [] } };
  const settings: ContainerSettings = {
    ...settingsFor({ ...options, noHealthcheck: true }, command, root, network, { kept: undefined }, { devices: [] }),
    confined: { mark: randomInt(2 ** 40, 2 ** 47), ...volumes, offline },
  };
  const containerDir = containerDirectory(paths, options);
  const places = placesOf(containerDir, settings);
  const { spec, notes } = buildConfined({
    ...(root.image ? { image: { ...root.image, name: image } } : {}),
    options,
    command,
    ids: identity.ids,
    ...readAccounts(root.layers),
    envFiles: (options.envFile ?? []).map((path) => ({ path, text: readEnvFile(path) })),
    labelFiles: (options.labelFile ?? []).map((path) => ({ path, text: readEnvFile(path, '--label-file') })),
    host: hostFacts(options),
    terminal: options.tty ?? false,
    annotations: { ...root.annotations, ...settingsAnnotation(paths, settings) },
    own,
    root: places.root,
    volumes,
    libraries: librariesIn(readFromLayers(root.layers, '/etc/ld.so.conf', LIST_MAX)),
    offline,
  });
  for (const note of notes) options.onNote?.(note);
  if (options.replace) await makeRoom(paths, options);
  return { ...assemble(paths, identity, image, settings, {}, { spec, files: [], volumes: [], notes }, options), places };
}

const LIST_MAX = 1 << 16;

/** Not weaker than promised: signals and abstract sockets are guarded from the sixth version on. */
async function checkKernel(signal: AbortSignal | undefined): Promise<void> {
  const { said, error } = await tryPlan(compileLandlockTrial(), signal);
  const version = Number(/^\d+$/m.exec(said)?.[0] ?? 0);
  if (version >= KNOWS_SCOPES) return;
  const what = version === 0 ? 'the kernel has none, or it is switched off' : `the kernel has version ${version} of it`;
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--isolation landlock needs version ${KNOWS_SCOPES} of Landlock: ${what}`, {
    subject: '--isolation',
    hint: 'it came with Linux 6.12; lsm= of the kernel command line must name landlock where it is given',
    ...(error === undefined ? {} : { cause: error }),
  });
}

/** @throws ERR_TSRUN_MOUNT_SOURCE */
function realVolume(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the source ${path} of a mount cannot be used: ${systemReason(cause)}`, {
      subject: path,
      hint: 'create it first, or correct the path',
      cause,
    });
  }
}
