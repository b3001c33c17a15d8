/** `--label`, `--label-file` and `--annotation`: docker's notations, and how labels lie among the annotations of config.json. Pure. */
import { TsrunError } from '../errors.js';
import { checkText } from './check.js';

export interface LabelInput {
  /** `NAME=VALUE`, or `NAME` for an empty value. */
  labels: readonly string[];
  /** The `--label-file`s in order, below the labels. */
  files: readonly { path: string; text: string }[];
  /** `NAME=VALUE` */
  annotations: readonly string[];
  /** Config.Labels of the image. */
  image: Readonly<Record<string, string>> | null | undefined;
}

/** Annotations of the image-spec's conversion.md, which are no labels unless an image or a user says so. */
export const CONVERTED = /^org\.opencontainers\.image\.(os|architecture|variant|author|created|stopSignal)$/;
const OURS = 'io.tsrun.';
/** Annotations that a runtime acts on: tsrun, crun, runc. An image has no say in that: its labels of such names are labels alone. */
export const ACTED_ON = /^(io\.tsrun|run\.oci|org\.systemd\.property)\./;

/**
 * Labels are annotations as they are. What that alone would not tell is said in tsrun's own: which are labels although their name is another
 * property's (io.tsrun.labels), and which are annotations alone (io.tsrun.annotations).
 * @throws ERR_TSRUN_USAGE
 */
export function labelAnnotations({ labels, files, annotations, image }: LabelInput): Record<string, string> {
  const own = new Map([
    ...files.flatMap(({ path, text }) => readLines(text).map((line) => pair(line, path))),
    ...labels.map((text) => pair(text, '--label')),
  ]);
  const plain = new Map(annotations.map((text) => pair(text, '--annotation')));
  const covered = Object.entries(image ?? {}).filter(
    ([name]) => !name.startsWith(OURS) && (plain.has(name) || CONVERTED.test(name) || ACTED_ON.test(name)),
  );
  const said = new Map([...covered, ...own]);
  return Object.fromEntries([
    ...own,
    ...plain,
    ...(said.size > 0 ? [[`${OURS}labels`, JSON.stringify(Object.fromEntries(said))] as const] : []),
    ...(plain.size > 0 ? [[`${OURS}annotations`, JSON.stringify(Object.fromEntries(plain))] as const] : []),
  ]);
}

function pair(text: string, where: string): [name: string, value: string] {
  checkText(text, `a value of ${where}`, 'ERR_TSRUN_USAGE');
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const wrong = (what: string, hint: string) =>
    new TsrunError('ERR_TSRUN_USAGE', `${where}: ${JSON.stringify(text)} ${what}`, { subject: text, hint });
  if (name.trim() === '') throw wrong('has no name before the =', 'write NAME=VALUE');
  if (at < 0 && where === '--annotation') throw wrong('has no value', 'write NAME=VALUE');
  if (name.startsWith(OURS)) throw wrong(`begins with ${OURS}, which are tsrun's own`, 'choose another name');
  return [name, at < 0 ? '' : text.slice(at + 1)];
}

/** A label in each line, as docker: `#` at the start of a line, and blank lines, say nothing. */
function readLines(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return lines.map((line) => line.replace(/\r$/, '').trimStart()).filter((line) => line !== '' && !line.startsWith('#'));
}
