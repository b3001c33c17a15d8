/**
 * docker's spelling (28) of what users and scripts meet most, for when tsrun is called as `docker`: one row for each kind of failure, and
 * docker's exit statuses. What has no row keeps tsrun's words in docker's frame.
 */
import { basename } from 'node:path';
import type { ErrorCode, TsrunError } from '../errors.js';

export function isDocker(argv0: string): boolean {
  return basename(argv0) === 'docker';
}

type Words = (subject: string) => string;

/** As the daemon says it. */
const DAEMON: { readonly [Code in ErrorCode]?: Words } = {
  ERR_TSRUN_CONTAINER_NOT_FOUND: (name) => `No such container: ${name}`,
  ERR_TSRUN_CONTAINER_STOPPED: (name) => `container ${name} is not running`,
  ERR_TSRUN_CONTAINER_RUNNING: (name) =>
    `cannot remove container "${name}": container is running: stop the container before removing or force remove`,
  ERR_TSRUN_CONTAINER_PAUSED: (name) => `Container ${name} is paused, unpause the container first`,
  ERR_TSRUN_NAME_IN_USE: (name) =>
    `Conflict. The container name "/${name}" is already in use. You have to remove (or rename) that container to be able to reuse that name.`,
  ERR_TSRUN_IMAGE_NOT_FOUND: (name) => `No such image: ${name}`,
  ERR_TSRUN_VOLUME_NOT_FOUND: (name) => `get ${name}: no such volume`,
  ERR_TSRUN_VOLUME_IN_USE: (name) => `remove ${name}: volume is in use`,
  ERR_TSRUN_MOUNT_SOURCE: (path) => `invalid mount config for type "bind": bind source path does not exist: ${path}`,
  ERR_TSRUN_USER_NOT_FOUND: (name) => `unable to find user ${name}: no matching entries in passwd file`,
  ERR_TSRUN_COMMAND_NOT_FOUND: (name) =>
    `exec: ${JSON.stringify(name)}: ${name.includes('/') ? `stat ${name}: no such file or directory` : 'executable file not found in $PATH'}`,
  ERR_TSRUN_COMMAND_NOT_RUNNABLE: (name) => `exec: ${JSON.stringify(name)}: permission denied`,
};

/** As docker's own command line says it, of every verb. */
const CLIENT: { readonly [Code in ErrorCode]?: Words } = {
  ERR_TSRUN_NO_TERMINAL: () => 'the input device is not a TTY',
  ERR_TSRUN_FILE_EXISTS: (path) => `container ID file found, make sure the other container isn't running or delete ${path}`,
};

/** Who makes containers ends with 125 and names itself; all others end with 1. */
const MAKERS: readonly string[] = ['run', 'create'];
const FLAG = /^(unknown (shorthand )?flag|bad flag syntax|flag needs an argument|invalid argument)/;
const WRONG_COUNT = /^tsrun [a-z ]+ (needs|takes) /;

/** @param verb `run`, `volume rm`; '' without one */
export function inDockersWords(error: TsrunError, verb: string): { text: string; code: number } {
  const { code, subject = '', message } = error;
  const help = `Run 'docker ${verb} --help' for more information`.replace('  ', ' ');
  if (code === 'ERR_TSRUN_INTERRUPTED') return { text: message, code: error.exitCode };
  if (code === 'ERR_TSRUN_NO_TERMINAL') return { text: CLIENT[code]?.('') ?? message, code: 1 };
  if (code === 'ERR_TSRUN_USAGE' && FLAG.test(message)) return { text: `${message}\n\n${help}`, code: 125 };
  if (code === 'ERR_TSRUN_USAGE' && WRONG_COUNT.test(message))
    return { text: `docker: ${message.replace(/^tsrun ([a-z ]+?) (needs|takes)/, "'docker $1' $2")}\n\n${help}`, code: 1 };
  const own = CLIENT[code]?.(subject);
  const daemon = DAEMON[code]?.(subject);
  const words = own ?? (daemon === undefined ? message : `Error response from daemon: ${daemon}`);
  const plain = words.replace(/^tsrun /, 'docker ');
  if (MAKERS.includes(verb)) return { text: `docker: ${plain}\n\n${help}`, code: error.exitCode };
  return { text: plain, code: error.exitCode === 125 ? 1 : error.exitCode };
}
