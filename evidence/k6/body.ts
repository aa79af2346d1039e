/** Ad requests in the plan's shape. It imports nothing: k6 runs it too. */

const countries = ['US', 'US', 'US', 'CA', 'GB', 'FR', 'DE', 'BR', 'MX', 'JP'];
const zones = ['America/New_York', 'America/Los_Angeles', 'Europe/Berlin', 'UTC'];

/** The body of one request of a user, who keeps household and device; `draw(n)`: a whole number from 0 to just before n. */
export function bodyOf(user: number, turn: number, run: string, draw: (n: number) => number): string {
  return JSON.stringify({
    request_id: `${run}-${user}-${turn}`,
    pod_duration: 120,
    max_ads: 6,
    session: { id: `session-${run}-${user}-${Math.floor(turn / 5)}` },
    break: { index: turn % 5 },
    user: {
      id: `viewer-${user}`,
      household_id: `household-${Math.floor(user / 3)}`,
      age: draw(90),
      gender: draw(2) === 0 ? 'male' : 'female',
      household_income: draw(150_000),
      time_zone: zones[user % zones.length],
    },
    device: { type: `type ${user % 6}`, brand: `brand ${user % 30}`, os: `os ${user % 8}`, ifa: `ifa-${user}` },
    content: { category: `category ${draw(40)}`, genre: `genre ${draw(20)}`, rating: `rating ${draw(6)}` },
    geo: { country: countries[user % countries.length], city: `city ${draw(10_000)}` },
  });
}
