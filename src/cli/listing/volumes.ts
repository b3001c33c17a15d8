/** `volume ls`: docker's fields of a volume. */
import { type Listing, labelList } from './listing.js';

export interface VolumeRow {
  name: string;
  /** Its directory on the host. */
  mountpoint: string;
  labels?: Readonly<Record<string, string>>;
}

const UNKNOWN = 'N/A';

export const VOLUMES: Listing<VolumeRow> = {
  columns: ['Driver', 'Name'],
  quiet: 'Name',
  labels: ({ labels }) => labels ?? {},
  raw: `name: {{.Name}}
driver: {{.Driver}}
`,
  fields: {
    Name: { head: 'VOLUME NAME', text: ({ name }) => name },
    Driver: { head: 'DRIVER', text: () => 'local' },
    Scope: { head: 'SCOPE', text: () => 'local' },
    Mountpoint: { head: 'MOUNTPOINT', text: ({ mountpoint }) => mountpoint },
    Labels: { head: 'LABELS', text: ({ labels }) => labelList(labels) },
    // docker's own listing does not know these either.
    Links: { head: 'LINKS', text: () => UNKNOWN },
    Size: { head: 'SIZE', text: () => UNKNOWN },
    Status: { head: 'STATUS', text: () => UNKNOWN },
    Availability: { head: 'AVAILABILITY', text: () => UNKNOWN },
    Group: { head: 'GROUP', text: () => UNKNOWN },
  },
};
