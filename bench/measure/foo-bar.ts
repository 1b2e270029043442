/** A function that calls another in its merge group, over HTTP, against that other alone. */
import { join } from 'node:path';
import { APPS, buildApp } from '../lib/app.ts';
import { isThere } from '../lib/processes.ts';
import { inTurn } from '../lib/rounds.ts';
import { atMost, type Bench, type Measurement, type Row } from '../lib/row.ts';
import { spread } from '../lib/stats.ts';
import { load, type LoadResult } from '../lib/wrk.ts';
import { Weft } from '../servers/weft.ts';

const BODY_BYTES = 64;
const WARM_UP_S = 1;

interface Subject {
  readonly name: string;
  readonly url: string;
}

export const fooBar: Measurement = {
  name: 'foo-bar',
  title: 'Foo → Bar over HTTP, merged, against Bar alone',
  lacks: () => (isThere('wrk') ? undefined : 'wrk'),
  async run(bench) {
    const weft = await Weft.start(await buildApp(join(APPS, 'foo-bar')));
    try {
      const subjects = [
        { name: 'Foo → Bar', url: weft.url('foo') },
        { name: 'Bar', url: weft.url('lone') },
      ];
      for (const { url } of subjects) await load(url, { connections: 32, seconds: WARM_UP_S, bodyBytes: BODY_BYTES });
      return [...(await measure(bench, subjects, 1)), ...(await measure(bench, subjects, 32))];
    } finally {
      await weft.close();
    }
  },
};

async function measure(bench: Bench, subjects: readonly Subject[], connections: number): Promise<Row[]> {
  const results = await inTurn(bench, subjects, ({ url }) => load(url, { connections, seconds: bench.seconds, bodyBytes: BODY_BYTES }));
  const at = `${connections} connection${connections > 1 ? 's' : ''}`;
  const [both = [], alone = []] = subjects.map((subject) => results.get(subject));
  const time = ({ perSecond }: LoadResult): number => (connections * 1e6) / perSecond;
  const ratios = spread(both.map((result, i) => time(result) / time(alone[i] ?? result)));
  return [
    ...subjects.map((subject) => ({
      what: `requests a second, ${at}`,
      subject: subject.name,
      unit: '1/s',
      value: spread((results.get(subject) ?? []).map((r) => r.perSecond)),
    })),
    {
      what: `time of a request, ${at}`,
      subject: 'Foo → Bar ÷ Bar',
      unit: '×',
      value: ratios,
      target: atMost(ratios.median, 1.03, '≤ 1.03'),
    },
  ];
}
