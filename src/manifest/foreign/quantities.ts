/** Sizes, times and switches as OpenFaaS, Kubernetes, Docker and Go write them. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  ki: 2 ** 10,
  m: 1e6,
  mi: 2 ** 20,
  g: 1e9,
  gi: 2 ** 30,
};
const DURATION_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** 128Mi, 128M, or in Docker's way 128m; nothing when it is none. */
export function parseMemory(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?) ?([kKmMgG]?i?[bB]?)$/.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase().replace(/(?<=.)b$/, '')];
  if (digits === undefined || factor === undefined) return undefined;
  const docker = unit === 'm' ? 2 ** 20 : unit === 'g' ? 2 ** 30 : factor;
  return Math.round(Number(digits) * docker);
}

/** 500m or 0.5 processors. */
export function parseCpus(text: string): number | undefined {
  const [, digits, milli] = /^(\d{1,7}(?:\.\d{1,6})?)(m?)$/.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Number(digits) / (milli === 'm' ? 1000 : 1);
}

/** A Go duration such as 1m30s, or whole seconds; milliseconds. */
export function parseGoDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed) * 1000;
  const parts = [...trimmed.matchAll(/(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== trimmed) return undefined;
  return Math.round(parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * (DURATION_MS[unit ?? ''] ?? 0), 0));
}

export function isTrue(text: string): boolean {
  return text === 'true' || text === '1';
}
