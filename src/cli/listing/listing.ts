/**
 * docker's listings: the fields of each defined once, as data, from which tables, `--format json` and templates are made
 * (github.com/docker/cli/cli/command/formatter).
 */
import { TsrunError } from '../../errors.js';
import { standardStreams } from '../output.js';
import { printNote } from '../print-error.js';
import { unknownField } from '../template/evaluate.js';
import { parseTemplate } from '../template/template.js';
import { type Method, Struct } from '../template/value.js';
import { visible } from '../visible.js';
import { alignColumns } from './tabwriter.js';

/** What the text of a field may depend on besides what is listed. */
export interface Circumstances {
  noTrunc: boolean;
  /** milliseconds since 1970 */
  now: number;
}

export interface Field<Row> {
  /** What stands above it in a table. */
  readonly head: string;
  text(row: Row, circumstances: Circumstances): string;
}

export interface Listing<Row> {
  readonly fields: Readonly<Record<string, Field<Row>>>;
  /** The fields of the table. */
  readonly columns: readonly string[];
  /** The one that `-q` prints. */
  readonly quiet: string;
  /** Of a row, for `.Label "x"`. */
  labels?(row: Row): Readonly<Record<string, string>>;
  /** docker's `--format raw`. */
  readonly raw?: string;
}

export interface Manner extends Partial<Circumstances> {
  /** `table`, `table TEMPLATE`, `json`, `raw` or a template. */
  format?: string | undefined;
  quiet?: boolean | undefined;
  /** In place of the listing's own. */
  columns?: readonly string[] | undefined;
}

/** What a format asks for, before anything is listed. */
export interface Prepared<Row> {
  /** Fields that it names: what is dear to find out need not be, unless it is among them. */
  readonly needs: ReadonlySet<string>;
  print(rows: readonly Row[]): string;
}

/** @throws ERR_TSRUN_TEMPLATE, also for a field that there is not when there is nothing to list */
export function prepare<Row>(listing: Listing<Row>, manner: Manner): Prepared<Row> {
  const { isTable, text } = chosen(listing, manner);
  const template = parseTemplate(text);
  const heads = headsOf(listing);
  for (const field of template.fields) {
    if (!heads.has(field) && heads.method(field) === undefined) throw unknownField(heads, field, `<.${field}>`);
  }
  const circumstances = { noTrunc: manner.noTrunc ?? false, now: manner.now ?? Date.now() };
  return {
    needs: template.fields,
    print: (rows) => {
      const lines = rows.map((row) => `${template.execute(structOf(listing, row, circumstances))}\n`);
      return isTable ? alignColumns(`${template.heads(heads)}\n${lines.join('')}`) : lines.join('');
    },
  };
}

function chosen<Row>(listing: Listing<Row>, { format = 'table', quiet, columns }: Manner): { isTable: boolean; text: string } {
  if (quiet) return { isTable: false, text: `{{.${listing.quiet}}}` };
  if (format === 'json') return { isTable: false, text: '{{json .}}' };
  if (format === 'raw' && listing.raw !== undefined) return { isTable: false, text: listing.raw };
  const isTable = format.startsWith('table');
  const text = (isTable ? format.slice('table'.length) : format).replace(/^ +| +$/g, '');
  const own = (columns ?? listing.columns).map((name) => `{{.${name}}}`).join('\\t');
  const asked = text === '' && (isTable || format === '') ? own : text;
  return { isTable: isTable || format === '', text: asked.replaceAll('\\t', '\t').replaceAll('\\n', '\n') };
}

function structOf<Row>(listing: Listing<Row>, row: Row, circumstances: Circumstances): Struct {
  const { fields, labels } = listing;
  // One line and nothing that a terminal acts on, whatever an image or a label says.
  const read = (name: string) => visible((fields[name] as Field<Row>).text(row, circumstances));
  return new Struct(Object.keys(fields).sort(), read, labels && { methods: { Label: (name) => labelOf(labels(row), name) } });
}

function labelOf(labels: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(labels, name) ? visible(labels[name] as string) : '';
}

function headsOf<Row>({ fields, labels }: Listing<Row>): Struct {
  const methods: Record<string, Method> = labels === undefined ? {} : { Label: labelHead };
  return new Struct(Object.keys(fields).sort(), (name) => (fields[name] as Field<Row>).head, { methods });
}

/** `com.example.my-key` → `my key` */
function labelHead(name: string): string {
  return visible(name.slice(name.lastIndexOf('.') + 1).replace(/[-_]/g, ' '));
}

/** `k=v,k=v` in the order of the keys. */
export function labelList(labels: Readonly<Record<string, string>> = {}): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** `--json` prints its own array, `--format json` docker's lines. @throws ERR_TSRUN_USAGE */
export function refuseBoth({ json, format }: { json?: boolean; format?: string }): void {
  if (json && format !== undefined) {
    throw new TsrunError('ERR_TSRUN_USAGE', '--json and --format exclude each other', {
      hint: 'use --json for one array, or --format json for an object on each line',
    });
  }
}

/** Not by the reporter, which -q has made silent. */
export function noteIgnored({ quiet, format }: { quiet?: boolean; format?: string }): void {
  if (quiet && format !== undefined) printNote('--format is ignored: -q prints ids alone', standardStreams().stderr);
}
