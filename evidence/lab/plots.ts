import type { JudgedSeed, Verdict } from './judge.ts';

const colours: Readonly<Record<string, string>> = {
  first_eligible: '#8a8f98',
  greedy_by_bid: '#c9822b',
  throttling: '#7a5cc0',
  pi: '#3f8fc4',
  ours: '#1d7a4c',
};
const width = 960;
const font = 'font-family="sans-serif" font-size="14"';

/** Value ÷ bound of every policy on every seed, as bars. */
export function valuePlot(verdicts: readonly Verdict[]): string {
  const seeds = [...new Set(verdicts.map(({ seed }) => seed))];
  const names = [...new Set(verdicts.map(({ policy }) => policy))];
  const [top, height, low] = [70, 340, 0.6];
  const group = (width - 110) / seeds.length;
  const bar = (group - 30) / names.length;
  const y = (share: number) => top + height - ((Math.max(low, share) - low) / (1 - low)) * height;
  const grid = [0.6, 0.7, 0.8, 0.9, 0.97, 1].map((share) => {
    const dash = share === 0.97 ? 'stroke="#b03030" stroke-dasharray="6 4"' : 'stroke="#d8dade"';
    return `<line x1="70" x2="${width - 20}" y1="${y(share)}" y2="${y(share)}" ${dash}/><text x="62" y="${y(share) + 5}" text-anchor="end">${Math.round(share * 100)} %</text>`;
  });
  const bars = verdicts.map(({ policy, seed, value_of_bound }) => {
    const x = 80 + seeds.indexOf(seed) * group + names.indexOf(policy) * bar;
    const told = `<text x="${x + bar / 2}" y="${y(value_of_bound) - 5}" text-anchor="middle" font-size="11">${(value_of_bound * 100).toFixed(1)}</text>`;
    return `<rect x="${x}" y="${y(value_of_bound)}" width="${bar - 3}" height="${top + height - y(value_of_bound)}" fill="${colours[policy] ?? '#000'}"/>${told}`;
  });
  const ticks = seeds.map(
    (seed, index) =>
      `<text x="${80 + index * group + (group - 30) / 2}" y="${top + height + 22}" text-anchor="middle">seed ${seed}</text>`,
  );
  const title = 'Value of what was shown, as a share of what hindsight allows (axis from 60 %)';
  return page(top + height + 40, title, [...grid, ...bars, ...ticks, legend(names)]);
}

/** How each policy spends the sum of all budgets over a run, above the traffic by hour. */
export function spendPlot({ replayed, traffic, budgets, verdicts }: JudgedSeed): string {
  const [top, height] = [70, 300];
  const total = budgets.reduce((sum, budget) => sum + budget, 0);
  const hours = traffic.length;
  const x = (hour: number) => 70 + (hour / hours) * (width - 100);
  const y = (share: number) => top + height - share * height;
  const most = Math.max(...traffic);
  const step = (width - 100) / hours;
  const bars = traffic.map((count, hour) => {
    const tall = (count / most) * height * 0.5;
    return `<rect x="${x(hour)}" y="${top + height - tall}" width="${step - 1}" height="${tall}" fill="#e4e7eb"/>`;
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="70" x2="${width - 30}" y1="${y(share)}" y2="${y(share)}" stroke="#d8dade"/><text x="62" y="${y(share) + 5}" text-anchor="end">${share * 100} %</text>`,
  );
  const lines = replayed.map(({ policy, course }) => {
    const points = course
      .slice(0, hours)
      .map(
        (spent, hour) => `${x(hour + 1).toFixed(1)},${y(spent.reduce((sum, one) => sum + one, 0) / total).toFixed(1)}`,
      );
    return `<polyline points="${x(0)},${y(0)} ${points.join(' ')}" fill="none" stroke="${colours[policy] ?? '#000'}" stroke-width="${policy === 'ours' ? 3 : 2}"/>`;
  });
  const days = [0, 24, 48, 72].filter((hour) => hour <= hours);
  const ticks = days.map(
    (hour) => `<text x="${x(hour)}" y="${top + height + 22}" text-anchor="middle">${hour} h</text>`,
  );
  const title = `Budget spent, seed ${verdicts[0]?.seed ?? ''} (grey: requests by hour)`;
  return page(top + height + 40, title, [
    ...bars,
    ...grid,
    ...lines,
    ...ticks,
    legend(replayed.map(({ policy }) => policy)),
  ]);
}

function legend(names: readonly string[]): string {
  return names
    .map((name, index) => {
      const x = 70 + index * 165;
      return `<rect x="${x}" y="40" width="14" height="14" fill="${colours[name] ?? '#000'}"/><text x="${x + 20}" y="52">${name.replaceAll('_', ' ')}</text>`;
    })
    .join('');
}

function page(height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${font} fill="#22262b">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="26" font-size="18">${title}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
