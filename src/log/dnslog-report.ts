// Statistics for machines: one JSON object, or Prometheus's text format for a textfile collector.
import { formatIso } from '../base/local-time.ts';
import { typeName } from '../wire/type.ts';
import { asciiJson } from './dnslog-json.ts';
import type { Distribution, Statistics, Tally } from './dnslog-stats.ts';

/** The report as one line of JSON without its newline, `top` entries in each list. */
export function jsonReport(statistics: Statistics, top: number): string {
  const { rates, outcomes, rcodes, types, names, clients, failures, servers, services, latencies, sizes } = statistics;
  const { perSecond, seconds } = rates.columns(100);
  const list = (tally: Tally, show = (key: string) => key) => ({
    different: tally.size,
    ...(tally.approximate ? { approximate: true } : {}),
    top: tally.top(top).map(([key, count]) => ({ key: show(key), count })),
  });
  return asciiJson({
    from: rates.first <= rates.last ? formatIso(rates.first) : undefined,
    to: rates.first <= rates.last ? formatIso(rates.last) : undefined,
    lines: statistics.lines,
    otherLines: statistics.others,
    starts: statistics.starts,
    queries: types.total,
    rates: { secondsEach: seconds, perSecond },
    outcomes: Object.fromEntries(outcomes.top(Infinity)),
    rcodes: rcodes.total > 0 ? Object.fromEntries(rcodes.top(Infinity)) : undefined,
    truncated: rcodes.total > 0 ? statistics.truncated : undefined,
    milliseconds: jsonDistribution(latencies),
    octets: jsonDistribution(sizes),
    services: Object.fromEntries(services.top(Infinity)),
    types: list(types, (key) => typeName(Number(key))),
    names: list(names),
    clients: list(clients),
    servers: list(servers),
    failures: list(failures),
  });
}

function jsonDistribution(distribution: Distribution): object | undefined {
  const { total, sum, max } = distribution;
  if (total === 0) return undefined;
  const [half, most, nearly] = [0.5, 0.9, 0.99].map((share) => distribution.quantile(share));
  return { count: total, mean: sum / total, half, most90: most, most99: nearly, max };
}

/** Bounds of the histograms' buckets: seconds, octets. */
const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60];
const OCTETS = [64, 128, 256, 512, 1232, 4096, 16384, 65536];

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The statistics of each service as metrics, names and units as Prometheus's conventions have them. */
export function prometheusReport(services: ReadonlyMap<string, Statistics>): string {
  const all = [...services];
  const samples = (of: (statistics: Statistics) => Sample[]): Sample[] =>
    all.flatMap(([service, statistics]) =>
      of(statistics).map(([labels, value]) => [{ service, ...labels }, value] as const),
    );
  const one = (of: (statistics: Statistics) => number | undefined): Sample[] =>
    samples((statistics) => {
      const value = of(statistics);
      return value === undefined ? [] : [[{}, value]];
    });
  const counted = (label: string, of: (statistics: Statistics) => Tally, show = (key: string) => key): Sample[] =>
    samples((statistics) =>
      of(statistics)
        .top(Infinity)
        .map(([key, count]) => [{ [label]: show(key) }, count]),
    );
  const histogram = (of: (statistics: Statistics) => Distribution, bounds: readonly number[], unit: number) =>
    samples((statistics) => buckets(of(statistics), bounds, unit));
  return [
    metric(
      'dnslog_lines_total',
      'counter',
      'Lines read.',
      one(({ lines }) => lines),
    ),
    metric(
      'dnslog_unknown_lines_total',
      'counter',
      'Lines of no kind that is known.',
      one(({ others }) => others),
    ),
    metric(
      'dnslog_starts_total',
      'counter',
      'Starts of the service.',
      one(({ starts }) => starts),
    ),
    metric(
      'dnslog_last_query_timestamp_seconds',
      'gauge',
      'Time of the last query.',
      one(({ rates }) => (rates.last > 0 ? rates.last : undefined)),
    ),
    metric(
      'dns_queries_total',
      'counter',
      'Queries by type.',
      counted(
        'type',
        ({ types }) => types,
        (key) => typeName(Number(key)),
      ),
    ),
    metric(
      'dns_outcomes_total',
      'counter',
      'What came of queries.',
      counted('outcome', ({ outcomes }) => outcomes),
    ),
    metric(
      'dns_responses_total',
      'counter',
      'Responses by response code.',
      counted('rcode', ({ rcodes }) => rcodes),
    ),
    metric(
      'dns_truncated_responses_total',
      'counter',
      'Responses with TC set.',
      one(({ rcodes, truncated }) => (rcodes.total > 0 ? truncated : undefined)),
    ),
    metric(
      'dns_response_size_bytes',
      'histogram',
      'Octets of responses.',
      histogram(({ sizes }) => sizes, OCTETS, 1),
    ),
    metric(
      'dns_resolution_duration_seconds',
      'histogram',
      'Time from a query to its response.',
      histogram(({ latencies }) => latencies, SECONDS, 1000),
    ),
    metric(
      'dns_cache_motion_bytes_total',
      'counter',
      'Octets put into the cache.',
      one(({ cache }) => cache?.motion),
    ),
    metric(
      'dns_active_udp_queries',
      'gauge',
      'Queries over UDP under way.',
      one(({ cache }) => cache?.udp),
    ),
    metric(
      'dns_active_tcp_connections',
      'gauge',
      'TCP connections open.',
      one(({ cache }) => cache?.tcp),
    ),
  ].join('');
}

/** A metric with its samples; nothing when there are none. */
function metric(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly Sample[],
): string {
  if (samples.length === 0) return '';
  let text = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  for (const [{ suffix = '', ...labels }, value] of samples) {
    const list = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escaped)}"`);
    text += `${name}${suffix}{${list.join(',')}} ${value}\n`;
  }
  return text;
}

function escaped(char: string): string {
  return char === '\n' ? '\\n' : `\\${char}`;
}

/** A histogram's samples, `suffix` to be put behind its name. `unit` is how many of the distribution's units one is. */
function buckets(distribution: Distribution, bounds: readonly number[], unit: number): Sample[] {
  const { total, sum } = distribution;
  if (total === 0) return [];
  const counts = distribution.classes(bounds.map((bound) => bound * unit));
  let below = 0;
  const samples = bounds.map((bound, i): Sample => {
    below += counts[i]!;
    return [{ suffix: '_bucket', le: String(bound) }, below];
  });
  samples.push(
    [{ suffix: '_bucket', le: '+Inf' }, total],
    [{ suffix: '_sum' }, sum / unit],
    [{ suffix: '_count' }, total],
  );
  return samples;
}
