/** One sample of a Prometheus text page. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the Prometheus text format; comments and lines that are no sample are passed over. */
export function parseMetrics(page: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of page.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    const [, name, labelText, value] = match ?? [];
    if (name === undefined || value === undefined) continue;
    const labels: Record<string, string> = {};
    for (const [, label, text] of (labelText ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      if (label !== undefined && text !== undefined) labels[label] = text;
    }
    samples.push({ name, labels, value: Number(value) });
  }
  return samples;
}

interface Source {
  /** Name and labels -> what processes that have died since had counted. */
  readonly before: Map<string, Sample>;
  now: Map<string, Sample>;
}

/** The metrics of several processes added up; what a process counted before it was killed stays counted. */
export class MetricsWatch {
  readonly #sources: Map<string, Source>;

  constructor(urls: readonly string[]) {
    this.#sources = new Map(urls.map((url) => [url, { before: new Map(), now: new Map() }]));
  }

  /** Asks every process once; one that does not answer keeps its last numbers. */
  async scrape(): Promise<void> {
    await Promise.all([...this.#sources].map(([url, source]) => this.#scrapeOne(url, source)));
  }

  async #scrapeOne(url: string, source: Source): Promise<void> {
    const page = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => (response.ok ? response.text() : null),
      () => null,
    );
    if (page !== null) this.take(url, page, source);
  }

  /** Takes one page of a process. A counter that fell means another process answers there now. */
  take(url: string, page: string, source = this.#sources.get(url)): void {
    if (source === undefined) return;
    const now = new Map(parseMetrics(page).map((sample) => [keyOf(sample), sample]));
    const fell = [...source.now].some(([key, was]) => isCounted(was.name) && (now.get(key)?.value ?? 0) < was.value);
    if (fell) {
      for (const [key, was] of source.now) {
        if (isCounted(was.name))
          source.before.set(key, { ...was, value: was.value + (source.before.get(key)?.value ?? 0) });
      }
    }
    source.now = now;
  }

  /** The sum of a metric over all processes and all samples with these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#samples(name, labels).reduce((total, { value }) => total + value, 0);
  }

  /** A quantile of a histogram, in its unit, linear within a bucket; null when nothing was measured. */
  quantile(name: string, share: number, labels: Readonly<Record<string, string>> = {}): number | null {
    const counts = new Map<number, number>();
    for (const sample of this.#samples(`${name}_bucket`, labels)) {
      const bound = sample.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(sample.labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + sample.value);
    }
    const buckets = [...counts].sort(([a], [b]) => a - b);
    const total = buckets.at(-1)?.[1] ?? 0;
    if (total === 0) return null;
    let [low, below] = [0, 0];
    for (const [bound, upTo] of buckets) {
      if (upTo >= share * total) {
        if (bound === Number.POSITIVE_INFINITY) return low;
        return low + ((share * total - below) / Math.max(1, upTo - below)) * (bound - low);
      }
      [low, below] = [bound, upTo];
    }
    return low;
  }

  #samples(name: string, labels: Readonly<Record<string, string>>): Sample[] {
    const found: Sample[] = [];
    for (const { before, now } of this.#sources.values()) {
      for (const sample of [...before.values(), ...now.values()]) {
        if (sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text)) {
          found.push(sample);
        }
      }
    }
    return found;
  }
}

function keyOf({ name, labels }: Sample): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

function isCounted(name: string): boolean {
  return /_(total|count|sum|bucket)$/.test(name);
}
