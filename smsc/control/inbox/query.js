// The search box: filters written as key:value, "quoted where there are spaces", and free words.

export const FILTERS = {
  to: "destination, * and ? stand for anything",
  from: "sender, * and ? stand for anything",
  text: "part of the text",
  state: "DELIVRD, UNDELIV, ENROUTE…",
  status: "command_status, by name or number",
  direction: "mt (to a subscriber) or mo (from one)",
  operator: "name of the operator",
  system_id: "account",
  encoding: "gsm7, ucs2, latin1, ascii, octets",
  parts: "number of segments, 2+ for two and more",
  complete: "true or false: all segments have come",
  command: "submit_sm, data_sm, deliver_sm…",
  message_id: "id that the operator gave",
  id: "row of the journal",
  text_matches: "regular expression",
  since: "unix seconds or ISO time",
  until: "unix seconds or ISO time",
};

/** A written query as {filters, words, doubts}: the filters for the API, and what looks like a filter but is none. */
export function parse(written) {
  const filters = {};
  const words = [];
  const doubts = [];
  for (const [whole, key, quoted, bare] of written.matchAll(/(?:([a-z_]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = quoted ?? bare;
    if (key === undefined) words.push(value);
    else if (key in FILTERS) filters[key] = value;
    else {
      words.push(whole);
      doubts.push(`${key}: is no filter, so it is searched for as a word${near(key)}`);
    }
  }
  if (words.length) filters.q = words.join(" ");
  return { filters, doubts };
}

export function write(filters) {
  const parts = Object.entries(filters)
    .filter(([key]) => key !== "q")
    .map(([key, value]) => term(key, value));
  if (filters.q) parts.push(filters.q);
  return parts.join(" ");
}

export function term(key, value) {
  return /[\s"]/.test(value) || value === "" ? `${key}:"${value.replaceAll('"', "")}"` : `${key}:${value}`;
}

function near(key) {
  let best = null;
  for (const known of Object.keys(FILTERS)) {
    const far = distance(key, known);
    if (far <= 2 && (best === null || far < best[0])) best = [far, known];
  }
  return best ? `; did you mean ${best[1]}:?` : "";
}

function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1);
}
